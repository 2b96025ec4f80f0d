/** The rules of a secret's life, behind {@code SecretVault}. */
module dev.secretvault {
  requires transitive dev.secretvault.crypto;
  requires transitive dev.secretvault.store;
  requires com.github.benmanes.caffeine;
  requires static transitive org.jspecify;

  exports dev.secretvault;
}
