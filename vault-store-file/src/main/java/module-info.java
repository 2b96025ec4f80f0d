/** The embedded default store: one directory on one machine. */
module dev.secretvault.store.file {
  requires transitive dev.secretvault.store;
  requires tools.jackson.core;
  requires static transitive org.jspecify;

  exports dev.secretvault.store.file;
}
