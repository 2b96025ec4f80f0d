package dev.secretvault.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import java.security.GeneralSecurityException;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands for a key that somebody else keeps, and counts how often it is asked. */
final class ExternalKey implements Aead {

  final AtomicInteger wrapped = new AtomicInteger();
  final AtomicInteger unwrapped = new AtomicInteger();
  private final Aead aead;

  ExternalKey(byte[] key) {
    try {
      aead = new AesGcmJce(key);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public byte[] encrypt(byte[] plaintext, byte[] associatedData) throws GeneralSecurityException {
    wrapped.incrementAndGet();
    return aead.encrypt(plaintext, associatedData);
  }

  @Override
  public byte[] decrypt(byte[] ciphertext, byte[] associatedData) throws GeneralSecurityException {
    unwrapped.incrementAndGet();
    return aead.decrypt(ciphertext, associatedData);
  }
}
