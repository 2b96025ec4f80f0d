package dev.secretvault;

import dev.secretvault.TokenForm.Part;
import dev.secretvault.crypto.UnauthenticatedCipher;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * A user ID that is encrypted with {@code aes-256-cbc}, as some services take it in place of one
 * with a digest.
 *
 * <p><b>It proves nothing.</b> It has neither digest nor tag: whoever can alter it turns bits of
 * the user ID over as they like, and whoever can ask often whether one decrypts can read it. {@link
 * UserIdAuthenticator#encrypt} has neither flaw.
 *
 * <p>What services expect is documented in parts only. Here the key is the secret's value, of 32
 * bytes, or 64 hexadecimal digits of it; the plaintext is the user ID in UTF-8 and nothing else,
 * padded by PKCS #7; ciphertext and initialization vector are in hexadecimal digits. That is what
 * {@code openssl enc -aes-256-cbc} does. An expiration is not part of it, so none is taken.
 */
public final class UnauthenticatedUserId {

  private static final String ALGORITHM = "aes-256-cbc";

  private final String secretId;
  private final byte[] iv;
  private final byte[] ciphertext;

  UnauthenticatedUserId(String secretId, byte[] iv, byte[] ciphertext) {
    this.secretId = secretId;
    this.iv = iv;
    this.ciphertext = ciphertext;
  }

  /**
   * Takes one that came from outside. Fields of other names are passed over; an empty text counts
   * as none.
   *
   * @param form under which names its parts are
   * @param fields the parts
   * @return the encrypted user ID
   * @throws IllegalArgumentException naming the field, if one is missing or is not what it has to
   *     be: whole blocks of ciphertext and 16 bytes of initialization vector, in hexadecimal
   *     digits; or if there is a digest, a salt or an expiration, none of which goes with it
   */
  public static UnauthenticatedUserId parse(TokenForm form, Map<String, ?> fields) {
    TokenFields in = new TokenFields(form, fields);
    for (Part part : new Part[] {Part.DIGEST, Part.SALT, Part.EXPIRATION, Part.VERSION}) {
      in.requireAbsent(part, "not allowed where an initialization vector is needed");
    }
    if (!in.algorithm().equals(ALGORITHM)) {
      throw new IllegalArgumentException(in.name(Part.ALGORITHM) + ": " + ALGORITHM + " needed");
    }
    int block = UnauthenticatedCipher.BLOCK_BYTES;
    byte[] ciphertext = in.hex(Part.USER_ID, block, SecretVault.MAX_USER_ID_BYTES + block);
    if (ciphertext.length % block != 0) {
      throw new IllegalArgumentException(
          in.name(Part.USER_ID) + ": whole blocks of " + 2 * block + " hexadecimal digits needed");
    }
    return new UnauthenticatedUserId(in.secretId(), in.hex(Part.IV, block, block), ciphertext);
  }

  /**
   * {@return the parts under the names of a form, in a fixed order}
   *
   * @param form where it is handed over
   * @throws IllegalArgumentException if the form has no place for an initialization vector
   */
  public Map<String, Object> fields(TokenForm form) {
    Map<Part, Object> parts = new EnumMap<>(Part.class);
    parts.put(Part.USER_ID, HexFormat.of().formatHex(ciphertext));
    parts.put(Part.ALGORITHM, ALGORITHM);
    parts.put(Part.SECRET_ID, secretId);
    parts.put(Part.IV, HexFormat.of().formatHex(iv));
    return TokenFields.write(form, parts);
  }

  String secretId() {
    return secretId;
  }

  byte[] iv() {
    return iv;
  }

  byte[] ciphertext() {
    return ciphertext;
  }

  /** How much there is. */
  @Override
  public String toString() {
    return "UnauthenticatedUserId[" + ciphertext.length + " bytes]";
  }
}
