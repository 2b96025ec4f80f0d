package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keyring in plaintext, while it is read, made or changed: {@code u32 generation | name key |
 * audit key | passphrase key | u16 count | count x (u32 epoch, i64 ms, data key)}.
 *
 * <p>Holds raw keys; {@link #close} overwrites them. For one thread.
 */
final class KeyringText implements AutoCloseable {

  /** The most epochs at a time, so that a header stays far below its limit. */
  static final int MAX_EPOCHS = 1_000;

  static final int KEY_BYTES = 32;
  private static final int EPOCH_BYTES = Integer.BYTES + Long.BYTES + KEY_BYTES;
  private static final int FIXED_BYTES = Integer.BYTES + 3 * KEY_BYTES + Short.BYTES;
  private static final SecureRandom RANDOM = new SecureRandom();

  private int generation;
  private final byte[] nameKey;
  private final byte[] auditKey;
  private final byte[] passphraseKey;
  private final List<Epoch> epochs;

  /**
   * One data key.
   *
   * @param number at least 1
   * @param createdAt milliseconds since 1970
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Epoch(int number, long createdAt, byte[] dataKey) {}

  private KeyringText(
      int generation, byte[] nameKey, byte[] auditKey, byte[] passphraseKey, List<Epoch> epochs) {
    this.generation = generation;
    this.nameKey = nameKey;
    this.auditKey = auditKey;
    this.passphraseKey = passphraseKey;
    this.epochs = epochs;
  }

  /** New keys, with a first epoch. */
  static KeyringText generate(Instant now) {
    KeyringText made = new KeyringText(1, newKey(), newKey(), newKey(), new ArrayList<>());
    made.epochs.add(new Epoch(1, now.toEpochMilli(), newKey()));
    return made;
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws CryptoException ({@link Reason#DAMAGED}) if it is malformed
   */
  static KeyringText decode(byte[] encoded) {
    try {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      KeyringText read =
          new KeyringText(in.getInt(), takeKey(in), takeKey(in), takeKey(in), new ArrayList<>());
      int count = Short.toUnsignedInt(in.getShort());
      for (int i = 0; i < count; i++) {
        read.epochs.add(new Epoch(in.getInt(), in.getLong(), takeKey(in)));
      }
      long distinct = read.epochs.stream().mapToInt(Epoch::number).distinct().count();
      if (in.hasRemaining()
          || count < 1
          || count > MAX_EPOCHS
          || distinct < count
          || read.epochs.stream().anyMatch(epoch -> epoch.number() < 1)
          || read.generation < 1) {
        read.close();
        throw malformed();
      }
      return read;
    } catch (BufferUnderflowException e) {
      throw malformed();
    }
  }

  /** The caller overwrites it. */
  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + epochs.size() * EPOCH_BYTES);
    out.putInt(generation).put(nameKey).put(auditKey).put(passphraseKey);
    out.putShort((short) epochs.size());
    for (Epoch epoch : epochs) {
      out.putInt(epoch.number()).putLong(epoch.createdAt()).put(epoch.dataKey());
    }
    return out.array();
  }

  int generation() {
    return generation;
  }

  /** To be called for each change, so that of two keyrings the newer one is known. */
  void nextGeneration() {
    generation = Math.incrementExact(generation);
  }

  byte[] nameKey() {
    return nameKey;
  }

  byte[] auditKey() {
    return auditKey;
  }

  byte[] passphraseKey() {
    return passphraseKey;
  }

  List<Epoch> epochs() {
    return epochs;
  }

  /** Adds an epoch behind all others. */
  void addEpoch(Instant now) {
    if (epochs.size() == MAX_EPOCHS) {
      throw new CryptoException(
          Reason.LIMIT_REACHED,
          "there are "
              + MAX_EPOCHS
              + " epochs, the most allowed: re-encrypt, and retire those not in use");
    }
    int highest = epochs.stream().mapToInt(Epoch::number).max().orElse(0);
    epochs.add(new Epoch(Math.incrementExact(highest), now.toEpochMilli(), newKey()));
  }

  /** Removes an epoch; false if there is none of this number. */
  boolean removeEpoch(int number) {
    return epochs.removeIf(
        epoch -> {
          boolean found = epoch.number() == number;
          if (found) {
            Arrays.fill(epoch.dataKey(), (byte) 0);
          }
          return found;
        });
  }

  private static byte[] newKey() {
    byte[] key = new byte[KEY_BYTES];
    RANDOM.nextBytes(key);
    return key;
  }

  private static byte[] takeKey(ByteBuffer in) {
    byte[] key = new byte[KEY_BYTES];
    in.get(key);
    return key;
  }

  private static CryptoException malformed() {
    return new CryptoException(Reason.DAMAGED, "the vault's keyring is malformed");
  }

  @Override
  public void close() {
    Arrays.fill(nameKey, (byte) 0);
    Arrays.fill(auditKey, (byte) 0);
    Arrays.fill(passphraseKey, (byte) 0);
    epochs.forEach(epoch -> Arrays.fill(epoch.dataKey(), (byte) 0));
  }
}
