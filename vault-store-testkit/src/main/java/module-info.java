/** The promise of a store as a test suite that other stores can run. */
module dev.secretvault.store.testkit {
  requires transitive dev.secretvault.store;
  requires transitive org.junit.jupiter.api;
  requires org.assertj.core;
  requires static transitive org.jspecify;

  exports dev.secretvault.store.testkit;

  // The tests of the suite are package-private, and JUnit runs them by reflection.
  opens dev.secretvault.store.testkit to
      org.junit.platform.commons;
}
