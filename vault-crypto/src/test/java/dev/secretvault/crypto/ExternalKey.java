package dev.secretvault.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;

/** Stands for a key that somebody else keeps, and remembers what it was asked. */
final class ExternalKey implements Aead {

  /** The arrays that were handed in to be wrapped. */
  final List<byte[]> wrapped = new ArrayList<>();

  /** The arrays that were handed out after being unwrapped. */
  final List<byte[]> unwrapped = new ArrayList<>();

  /** Whether it can be reached. */
  boolean failing;

  private final Aead aead;

  ExternalKey(byte[] key) {
    try {
      aead = new AesGcmJce(key);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public synchronized byte[] encrypt(byte[] plaintext, byte[] associatedData)
      throws GeneralSecurityException {
    requireReachable();
    wrapped.add(plaintext);
    return aead.encrypt(plaintext, associatedData);
  }

  @Override
  public synchronized byte[] decrypt(byte[] ciphertext, byte[] associatedData)
      throws GeneralSecurityException {
    requireReachable();
    byte[] plaintext = aead.decrypt(ciphertext, associatedData);
    unwrapped.add(plaintext);
    return plaintext;
  }

  private void requireReachable() throws GeneralSecurityException {
    if (failing) {
      throw new GeneralSecurityException("not to be reached");
    }
  }
}
