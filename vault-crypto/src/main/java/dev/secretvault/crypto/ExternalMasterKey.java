package dev.secretvault.crypto;

import com.google.crypto.tink.Aead;
import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A key that somebody else keeps. The secret of a slot is random; the slot's parameters are {@code
 * u16 length of the URI | URI | the secret as that key wrapped it}.
 */
final class ExternalMasterKey extends MasterKey {

  private static final int SECRET_BYTES = 32;
  private static final int MAX_WRAPPED_BYTES = 8_192;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Aead aead;
  private final String uri;

  ExternalMasterKey(Aead aead, String uri) {
    byte[] utf8 = Objects.requireNonNull(uri, "uri").getBytes(StandardCharsets.UTF_8);
    if (utf8.length < 1 || utf8.length > MAX_URI_BYTES) {
      throw new IllegalArgumentException(
          "uri: 1 to " + MAX_URI_BYTES + " bytes in UTF-8 allowed, but there are " + utf8.length);
    }
    if (!new String(utf8, StandardCharsets.UTF_8).equals(uri)) {
      throw new IllegalArgumentException("uri: holds an unpaired surrogate");
    }
    this.aead = aead;
    this.uri = uri;
  }

  @Override
  UnlockSlot.Kind kind() {
    return UnlockSlot.Kind.EXTERNAL;
  }

  @Override
  SlotSecret makeSlot(byte[] vaultId) {
    byte[] secret = new byte[SECRET_BYTES];
    RANDOM.nextBytes(secret);
    try {
      return new SlotSecret(parameters(wrap(vaultId, secret)), secret);
    } catch (CryptoException e) {
      Arrays.fill(secret, (byte) 0);
      throw e;
    }
  }

  /** Wraps, and unwraps again: a key that may only wrap would lock the vault for good. */
  private byte[] wrap(byte[] vaultId, byte[] secret) {
    byte[] wrapped;
    try {
      wrapped = aead.encrypt(secret, associatedData(vaultId));
    } catch (GeneralSecurityException | RuntimeException e) {
      throw unavailable("wrap", e);
    }
    if (wrapped.length < 1 || wrapped.length > MAX_WRAPPED_BYTES) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE,
          "the external key "
              + uri
              + " makes "
              + wrapped.length
              + " bytes of "
              + SECRET_BYTES
              + ": 1 to "
              + MAX_WRAPPED_BYTES
              + " allowed");
    }
    byte[] unwrapped = unwrap(vaultId, wrapped);
    try {
      if (!MessageDigest.isEqual(secret, unwrapped)) {
        throw unfaithful();
      }
      return wrapped;
    } finally {
      Arrays.fill(unwrapped, (byte) 0);
    }
  }

  private byte[] parameters(byte[] wrapped) {
    byte[] name = uri.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Short.BYTES + name.length + wrapped.length)
        .putShort((short) name.length)
        .put(name)
        .put(wrapped)
        .array();
  }

  @Override
  byte @Nullable [] findSecret(byte[] vaultId, byte[] parameters) {
    if (!uriOf(parameters).equals(uri)) {
      return null;
    }
    int wrappedAt = Short.BYTES + ByteBuffer.wrap(parameters).getShort();
    return unwrap(vaultId, Arrays.copyOfRange(parameters, wrappedAt, parameters.length));
  }

  private byte[] unwrap(byte[] vaultId, byte[] wrapped) {
    byte[] secret;
    try {
      secret = aead.decrypt(wrapped, associatedData(vaultId));
    } catch (GeneralSecurityException | RuntimeException e) {
      throw unavailable("unwrap", e);
    }
    if (secret.length != SECRET_BYTES) {
      Arrays.fill(secret, (byte) 0);
      throw unfaithful();
    }
    return secret;
  }

  private CryptoException unfaithful() {
    return new CryptoException(
        Reason.KEY_UNAVAILABLE, "the external key " + uri + " did not unwrap what it wrapped");
  }

  /**
   * The URI in the parameters of a slot.
   *
   * @throws CryptoException ({@link Reason#DAMAGED}) if they are malformed
   */
  static String uriOf(byte[] parameters) {
    int length =
        parameters.length < Short.BYTES
            ? 0
            : Short.toUnsignedInt(ByteBuffer.wrap(parameters).getShort());
    int wrapped = parameters.length - Short.BYTES - length;
    if (length < 1 || length > MAX_URI_BYTES || wrapped < 1 || wrapped > MAX_WRAPPED_BYTES) {
      throw VaultHeader.damaged();
    }
    return new String(parameters, Short.BYTES, length, StandardCharsets.UTF_8);
  }

  private byte[] associatedData(byte[] vaultId) {
    return Encoding.of("secretvault/1/external", vaultId, uri);
  }

  /** Which of these it was, the exceptions of a key service do not tell in one way. */
  private CryptoException unavailable(String what, Exception cause) {
    return new CryptoException(
        Reason.KEY_UNAVAILABLE,
        "the external key "
            + uri
            + " did not "
            + what
            + " the vault's: it cannot be reached, does not allow it, or is another key",
        cause);
  }

  @Override
  void erase() {
    // The key itself is not here.
  }
}
