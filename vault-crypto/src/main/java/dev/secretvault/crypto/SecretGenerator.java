package dev.secretvault.crypto;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/** Makes values for secrets, from the platform's cryptographic random generator. Thread-safe. */
public final class SecretGenerator {

  private static final int RANDOM_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private SecretGenerator() {}

  /**
   * Generates 32 random bytes (256 bits) and returns them as text.
   *
   * @return 43 ASCII characters, Base64 with the URL-safe alphabet and without padding (RFC 4648,
   *     section 5); a new array, for the caller to overwrite
   */
  public static byte[] generateText() {
    byte[] random = new byte[RANDOM_BYTES];
    try {
      RANDOM.nextBytes(random);
      return Base64.getUrlEncoder().withoutPadding().encode(random);
    } finally {
      Arrays.fill(random, (byte) 0);
    }
  }

  /**
   * Generates 32 random bytes (256 bits) and returns them as hexadecimal digits, for where only
   * those are taken.
   *
   * @return 64 ASCII characters, in lower case; a new array, for the caller to overwrite
   */
  public static byte[] generateHex() {
    byte[] random = new byte[RANDOM_BYTES];
    try {
      RANDOM.nextBytes(random);
      byte[] digits = new byte[2 * RANDOM_BYTES];
      // One by one: HexFormat gives many only as a String, which nobody can overwrite.
      for (int i = 0; i < RANDOM_BYTES; i++) {
        digits[2 * i] = (byte) HexFormat.of().toHighHexDigit(random[i]);
        digits[2 * i + 1] = (byte) HexFormat.of().toLowHexDigit(random[i]);
      }
      return digits;
    } finally {
      Arrays.fill(random, (byte) 0);
    }
  }

  /**
   * Generates a password.
   *
   * @param policy what it looks like
   * @return its ASCII characters, a new array, for the caller to overwrite
   */
  public static byte[] generatePassword(PasswordPolicy policy) {
    List<String> classes = policy.classes().stream().sorted().map(policy::charactersOf).toList();
    byte[] union = String.join("", classes).getBytes(StandardCharsets.US_ASCII);
    byte[] password = new byte[policy.length()];
    // Drawn anew until every class occurs: putting one of each class first would make some
    // passwords likelier.
    do {
      for (int i = 0; i < password.length; i++) {
        password[i] = union[RANDOM.nextInt(union.length)];
      }
    } while (!classes.stream().allMatch(characters -> occursIn(password, characters)));
    return password;
  }

  private static boolean occursIn(byte[] password, String characters) {
    boolean occurs = false;
    for (byte b : password) {
      occurs |= characters.indexOf(b) >= 0;
    }
    return occurs;
  }
}
