package dev.secretvault.crypto;

import java.util.Random;

/**
 * Randomness that can be had again: {@code -Dsecretvault.seed=} takes the seed that was printed.
 */
final class Seeded {

  private Seeded() {}

  static Random random(String test) {
    long seed = Long.getLong("secretvault.seed", new Random().nextLong());
    System.out.println(test + ": -Dsecretvault.seed=" + seed);
    return new Random(seed);
  }

  static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
