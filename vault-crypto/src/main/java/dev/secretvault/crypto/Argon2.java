package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Argon2id (RFC 9106) with one salt: {@code u32 memory in KiB | u32 passes | u32 lanes | salt (16
 * bytes)}. Immutable.
 *
 * <p>New ones have one lane: BouncyCastle computes lanes one after the other, so that more of them
 * would spare only whoever guesses.
 */
final class Argon2 {

  static final int ENCODED_BYTES = 28;
  static final int KEY_BYTES = 32;

  private static final int SALT_BYTES = 16;
  private static final int MIB = 1_024;

  // Read from what is not yet trusted: enough to stretch, and not enough to exhaust the machine.
  // The least memory is more than the eight blocks for each lane that RFC 9106 demands.
  private static final int MIN_MEMORY = 7 * MIB;
  private static final int MAX_MEMORY = 1_024 * MIB;
  private static final int MAX_PASSES = 16;
  private static final int MAX_LANES = 16;

  private static final SecureRandom RANDOM = new SecureRandom();

  /** However many threads unlock at once, they take the memory of two. */
  static final Semaphore RUNS = new Semaphore(2, true);

  private final int memory;
  private final int passes;
  private final int lanes;
  private final byte[] salt;

  /** Takes the salt over. */
  Argon2(int memory, int passes, int lanes, byte[] salt) {
    this.memory = memory;
    this.passes = passes;
    this.lanes = lanes;
    this.salt = salt;
  }

  /** The second recommendation of RFC 9106, section 4, but for the lanes; with a new salt. */
  static Argon2 forVault() {
    return new Argon2(64 * MIB, 3, 1, newSalt());
  }

  /** OWASP's recommendation for passwords that are checked often; with a new salt. */
  static Argon2 forSecret() {
    return new Argon2(19 * MIB, 2, 1, newSalt());
  }

  /**
   * Reads {@link #encode}'s form.
   *
   * @throws CryptoException ({@link Reason#DAMAGED}) if it is cut short, or asks for too little or
   *     too much: 7 MiB to 1 GiB, 1 to 16 passes, 1 to 16 lanes
   */
  static Argon2 parse(ByteBuffer in) {
    if (in.remaining() < ENCODED_BYTES) {
      throw VaultHeader.damaged();
    }
    int memory = in.getInt();
    int passes = in.getInt();
    int lanes = in.getInt();
    if (memory < MIN_MEMORY
        || memory > MAX_MEMORY
        || passes < 1
        || passes > MAX_PASSES
        || lanes < 1
        || lanes > MAX_LANES) {
      throw VaultHeader.damaged();
    }
    byte[] salt = new byte[SALT_BYTES];
    in.get(salt);
    return new Argon2(memory, passes, lanes, salt);
  }

  byte[] encode() {
    return ByteBuffer.allocate(ENCODED_BYTES)
        .putInt(memory)
        .putInt(passes)
        .putInt(lanes)
        .put(salt)
        .array();
  }

  /**
   * Stretches a passphrase. Waits while two others are being stretched.
   *
   * @param secret Argon2's secret value, or no bytes
   * @return 32 bytes, for the receiver to overwrite
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if there is not enough memory
   */
  byte[] derive(byte[] passphrase, byte[] secret) {
    return run(() -> derive(passphrase, parameters(secret)));
  }

  /** What BouncyCastle is told. */
  Argon2Parameters.Builder parameters(byte[] secret) {
    return new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
        .withVersion(Argon2Parameters.ARGON2_VERSION_13)
        .withMemoryAsKB(memory)
        .withIterations(passes)
        .withParallelism(lanes)
        .withSalt(salt)
        .withSecret(secret);
  }

  /** Clears the parameters. BouncyCastle clears the memory that it filled. */
  static byte[] derive(byte[] passphrase, Argon2Parameters.Builder builder) {
    Argon2Parameters parameters = builder.build();
    try {
      Argon2BytesGenerator generator = new Argon2BytesGenerator();
      generator.init(parameters);
      byte[] key = new byte[KEY_BYTES];
      generator.generateBytes(passphrase, key);
      return key;
    } finally {
      parameters.clear();
      builder.clear();
    }
  }

  /** Has a calculation with these parameters take its turn. */
  byte[] run(Supplier<byte[]> calculation) {
    RUNS.acquireUninterruptibly();
    try {
      return calculation.get();
    } catch (OutOfMemoryError e) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE,
          "the passphrase cannot be used: Argon2id needs "
              + memory / MIB
              + " MiB of heap for a moment, which are not free: give the JVM more",
          e);
    } finally {
      RUNS.release();
    }
  }

  private static byte[] newSalt() {
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(salt);
    return salt;
  }
}
