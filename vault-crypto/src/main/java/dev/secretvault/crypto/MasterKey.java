package dev.secretvault.crypto;

import com.google.crypto.tink.Aead;
import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What unlocks a vault. It comes from outside and is never stored with the vault: a raw key of 32
 * random bytes, a passphrase, or a key that somebody else keeps and lets a vault use.
 *
 * <p>As text, in a file or an environment variable, a raw key is 64 hexadecimal digits or the
 * Base64 form of 32 bytes, in the standard or the URL-safe alphabet, padded or not; white space
 * around it is ignored. {@code openssl rand -base64 32} makes one.
 *
 * <p>A vault takes over the master keys that are handed to it, and closes them whether it succeeds
 * or not; a {@link Keyring} leaves them open for their owner. {@link #close} overwrites what a key
 * holds. Thread-safe.
 */
public abstract sealed class MasterKey implements AutoCloseable
    permits RawMasterKey, PassphraseMasterKey, ExternalMasterKey {

  /** The length of a raw master key, in bytes. */
  public static final int BYTES = 32;

  /** The longest passphrase, in chars. */
  public static final int MAX_PASSPHRASE_CHARS = Passphrase.MAX_CHARS;

  /** The longest URI of an external key, in bytes of its UTF-8 form. */
  public static final int MAX_URI_BYTES = 1_024;

  private boolean closed;

  MasterKey() {}

  /**
   * Takes the key itself.
   *
   * @param key {@value #BYTES} bytes, copied; the caller may overwrite them afterwards
   * @return the key
   * @throws IllegalArgumentException if there are not {@value #BYTES} bytes, or all of them are
   *     zero
   */
  public static MasterKey fromBytes(byte[] key) {
    if (Objects.requireNonNull(key, "key").length != BYTES) {
      throw new IllegalArgumentException(
          "key: " + BYTES + " bytes needed, but there are " + key.length);
    }
    if (isZero(key)) {
      throw new IllegalArgumentException("key: all bytes are zero");
    }
    return new RawMasterKey(null, key.clone());
  }

  /**
   * Takes the key from a file, or makes one there when a vault is created with it.
   *
   * <p>A missing file is no error yet. If a vault is created with this key, or the key is added to
   * a vault, the file is created too, readable by its owner only ({@code 0600}), with a new random
   * key in it, and is durable before the vault is. Opening an existing vault creates nothing and
   * reports {@link Reason#KEY_UNAVAILABLE} instead. Keep a copy of the file apart from the vault:
   * without it no secret can be read.
   *
   * @param file the file, whose text is described above
   * @return the key
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the file is there but cannot be
   *     read, may be read or written by others than its owner (where the file system knows POSIX
   *     permissions), or holds no key
   */
  public static MasterKey fromFile(Path file) {
    Objects.requireNonNull(file, "file");
    return new RawMasterKey(file, Files.exists(file) ? KeyText.read(file) : null);
  }

  /**
   * Takes the key from an environment variable.
   *
   * @param variable the variable's name; its value is described above
   * @return the key
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the variable is unset or holds no
   *     key
   */
  public static MasterKey fromEnvironment(String variable) {
    String text = System.getenv(Objects.requireNonNull(variable, "variable"));
    if (text == null || text.isBlank()) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE, "the environment variable " + variable + " is not set");
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    try {
      return new RawMasterKey(
          null, KeyText.parse(utf8, utf8.length, "the environment variable " + variable));
    } finally {
      Arrays.fill(utf8, (byte) 0);
    }
  }

  /**
   * Makes the key from a passphrase, by Argon2id (RFC 9106) of 64 MiB of memory, three passes and
   * one lane, with a random salt for each vault. Opening a vault takes that memory, and a fraction
   * of a second; at most two such calculations run in a process at a time.
   *
   * <p>A vault whose directory is stolen is as safe as its passphrase is hard to guess: take a long
   * one, or a raw key.
   *
   * @param passphrase 1 to {@value #MAX_PASSPHRASE_CHARS} chars, taken in Unicode's normalization
   *     form C; copied, so the caller may overwrite it
   * @return the key
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   */
  public static MasterKey fromPassphrase(char[] passphrase) {
    return new PassphraseMasterKey(Passphrase.toBytes(passphrase));
  }

  /**
   * Lets a key unlock the vault that somebody else keeps, such as a key management service behind
   * Tink's {@code KmsClient.getAead(uri)}: it wraps 32 random bytes for each unlock slot. It is
   * called twice when a slot is made, to unwrap at once what it wrapped, and once each time a vault
   * is opened or a slot looked for.
   *
   * @param aead encrypts and decrypts under that key, with associated data
   * @param uri the key's name, stored in clear with the vault, 1 to {@value #MAX_URI_BYTES} bytes
   *     in UTF-8; a vault is unlocked only by a key of the name that it was given then
   * @return the key; closing it leaves {@code aead} alone
   * @throws IllegalArgumentException if the URI is empty, too long, or holds an unpaired surrogate
   */
  public static MasterKey fromAead(Aead aead, String uri) {
    return new ExternalMasterKey(Objects.requireNonNull(aead, "aead"), uri);
  }

  static boolean isZero(byte[] key) {
    int seen = 0;
    for (byte b : key) {
      seen |= b;
    }
    return seen == 0;
  }

  /**
   * What a new slot of this kind stores, and the secret of that slot.
   *
   * @param parameters stored in clear, to come to the same secret later
   * @param secret 32 bytes, for the receiver to overwrite
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; taken apart at once.
  record SlotSecret(byte[] parameters, byte[] secret) {}

  /**
   * Makes the secret of a new slot.
   *
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the key cannot be had
   */
  final synchronized SlotSecret newSlot(byte[] vaultId) {
    requireOpen();
    return makeSlot(vaultId);
  }

  /**
   * The secret of a slot of this kind, for the receiver to overwrite; null if this key can tell
   * that the slot is not its own.
   *
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the key cannot be had
   */
  final synchronized byte @Nullable [] slotSecret(byte[] vaultId, byte[] parameters) {
    requireOpen();
    return findSecret(vaultId, parameters);
  }

  /** Has the key's file read, so that a missing one is reported whatever slots there are. */
  final synchronized void requireAvailable() {
    requireOpen();
    load();
  }

  abstract UnlockSlot.Kind kind();

  /** Gets hold of the key, where that can fail without a slot. */
  void load() {}

  abstract SlotSecret makeSlot(byte[] vaultId);

  abstract byte @Nullable [] findSecret(byte[] vaultId, byte[] parameters);

  /** Overwrites what this kind of key holds. */
  abstract void erase();

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "the master key was closed; a vault closes the key that it was opened with");
    }
  }

  /** Overwrites the key. Closing twice is closing once. */
  @Override
  public final synchronized void close() {
    if (!closed) {
      closed = true;
      erase();
    }
  }

  /** Says nothing of the key. */
  @Override
  public final String toString() {
    return "MasterKey[hidden]";
  }
}
