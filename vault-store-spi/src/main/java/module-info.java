/** What a store of secrets must promise. */
module dev.secretvault.store {
  requires static transitive org.jspecify;

  exports dev.secretvault.store;
}
