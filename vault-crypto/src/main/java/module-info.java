/** Keys, sealing, digests and generators; never sees a store. */
module dev.secretvault.crypto {
  requires com.google.crypto.tink;
  requires static transitive org.jspecify;

  exports dev.secretvault.crypto;
}
