package dev.secretvault.crypto;

/** What a record is sealed as, in one piece. */
record Identity(String namespace, String key, long revision, String purpose) {

  RecordCipher cipher(Keyring keyring) {
    return keyring.cipher(namespace, key, purpose);
  }

  byte[] seal(Keyring keyring, byte[] plaintext) {
    return cipher(keyring).seal(revision, plaintext);
  }

  byte[] open(Keyring keyring, byte[] sealed) {
    return cipher(keyring).open(revision, sealed);
  }
}
