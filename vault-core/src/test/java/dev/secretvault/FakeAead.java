package dev.secretvault;

import com.google.crypto.tink.Aead;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/** A key service that can be unplugged. What it makes is no secret at all. */
final class FakeAead implements Aead {

  private final byte mask;
  private boolean unplugged;

  FakeAead(int mask) {
    this.mask = (byte) mask;
  }

  void unplug() {
    unplugged = true;
  }

  @Override
  public byte[] encrypt(byte[] plaintext, byte[] associatedData) throws GeneralSecurityException {
    requirePlugged();
    return ByteBuffer.allocate(1 + Integer.BYTES + plaintext.length)
        .put(mask)
        .putInt(Arrays.hashCode(associatedData))
        .put(masked(plaintext))
        .array();
  }

  @Override
  public byte[] decrypt(byte[] ciphertext, byte[] associatedData) throws GeneralSecurityException {
    requirePlugged();
    ByteBuffer in = ByteBuffer.wrap(ciphertext);
    if (in.get() != mask || in.getInt() != Arrays.hashCode(associatedData)) {
      throw new GeneralSecurityException("not encrypted here");
    }
    byte[] rest = new byte[in.remaining()];
    in.get(rest);
    return masked(rest);
  }

  private void requirePlugged() throws GeneralSecurityException {
    if (unplugged) {
      throw new GeneralSecurityException("cannot be reached");
    }
  }

  private byte[] masked(byte[] bytes) {
    byte[] result = bytes.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] ^= mask;
    }
    return result;
  }
}
