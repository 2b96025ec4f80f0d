/** Keys, sealing, digests and generators; never sees a store. */
// Tink has no module descriptor; its name is in its manifest, and MasterKey.fromAead takes its
// Aead.
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module dev.secretvault.crypto {
  requires transitive com.google.crypto.tink;
  requires static transitive org.jspecify;
  requires org.bouncycastle.provider;

  exports dev.secretvault.crypto;
}
