package dev.secretvault.crypto;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;

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
}
