package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A vault's own keys, and all that is done with them: sealing and opening records, and making the
 * tokens under which names are found.
 *
 * <p>The keys are random. They are kept in the vault's {@linkplain #header header}, sealed under a
 * root key, which is sealed under the master key; {@code docs/FORMAT.md} describes every byte. Data
 * keys are numbered by epoch. Each record is sealed with AES-256-GCM under a key of its own,
 * derived from the epoch's data key by HKDF (RFC 5869), so that the limit on random nonces under
 * one key applies to the revisions of one record.
 *
 * <p>Thread-safe. Whoever made a keyring closes it; after that, {@link #seal}, {@link #open(
 * RecordIdentity, byte[])} and {@link #token} throw {@link IllegalStateException}.
 */
public final class Keyring implements AutoCloseable {

  /**
   * What sealing adds to the plaintext: 1 byte of version, 4 of epoch, 12 of nonce, and 16 of tag.
   */
  public static final int OVERHEAD_BYTES = 1 + Integer.BYTES + AesGcm.OVERHEAD_BYTES;

  private static final byte SEALED_VERSION = 1;
  private static final int TOKEN_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] vaultId;
  private final byte[] header;
  private volatile @Nullable Keys keys;

  /**
   * The keys, each as the prepared HMAC that is all it is used for.
   *
   * @param names makes tokens
   * @param dataByEpoch the pseudorandom keys that record keys are expanded from
   * @param currentEpoch the epoch that new records are sealed under
   */
  private record Keys(Hmac names, Map<Integer, Hmac> dataByEpoch, int currentEpoch) {}

  private Keyring(byte[] vaultId, byte[] header, Keys keys) {
    this.vaultId = vaultId;
    this.header = header;
    this.keys = keys;
  }

  /**
   * Makes a keyring for a new vault.
   *
   * @param masterKey what shall unlock it; a {@linkplain MasterKey#fromFile key file} that is
   *     missing is created
   * @return the keyring, whose {@link #header} the caller is to store
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the master key cannot be had
   */
  public static Keyring create(MasterKey masterKey) {
    byte[] encoded = newKeys(System.currentTimeMillis());
    try {
      byte[] vaultId = random(VaultHeader.VAULT_ID_BYTES);
      byte[] header;
      // Closing the master key waits, or the vault could be sealed under what is left of it.
      synchronized (masterKey) {
        header = VaultHeader.seal(vaultId, masterKey.toCreate(), encoded);
      }
      return new Keyring(vaultId, header, decode(encoded));
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  /**
   * Unlocks the keyring of an existing vault.
   *
   * @param masterKey the key that unlocks it
   * @param header what {@link #header} returned
   * @return the keyring
   * @throws CryptoException with its reason: {@link Reason#WRONG_KEY}, {@link
   *     Reason#KEY_UNAVAILABLE}, {@link Reason#DAMAGED}, or {@link Reason#NEWER_FORMAT}
   */
  public static Keyring open(MasterKey masterKey, byte[] header) {
    VaultHeader parsed = VaultHeader.parse(header);
    byte[] encoded;
    synchronized (masterKey) {
      encoded = parsed.unlock(masterKey.toOpen());
    }
    try {
      return new Keyring(parsed.vaultId(), header.clone(), decode(encoded));
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  /**
   * {@return the keyring in its sealed form, with all that is needed to unlock it but the master
   * key; a new array}
   */
  public byte[] header() {
    return header.clone();
  }

  /**
   * Seals bytes for one record.
   *
   * @param identity what they are bound to; {@link #open(RecordIdentity, byte[])} needs an equal
   *     one
   * @param plaintext the bytes, also none; the caller overwrites them
   * @return {@code plaintext.length +} {@value #OVERHEAD_BYTES} bytes, a new array
   */
  public byte[] seal(RecordIdentity identity, byte[] plaintext) {
    Keys open = keys();
    int epoch = open.currentEpoch();
    byte[] ciphertext =
        cipher(open, identity, epoch).encrypt(plaintext, associatedData(identity, epoch));
    return ByteBuffer.allocate(1 + Integer.BYTES + ciphertext.length)
        .put(SEALED_VERSION)
        .putInt(epoch)
        .put(ciphertext)
        .array();
  }

  /**
   * Opens sealed bytes.
   *
   * @param identity the identity that they were sealed for
   * @param sealed what {@link #seal} returned, under this vault's keys
   * @return the plaintext, a new array, for the caller to overwrite
   * @throws CryptoException {@link Reason#DAMAGED} if the bytes were altered, or sealed for another
   *     identity or vault; {@link Reason#NEWER_FORMAT} if their first byte is a version this
   *     release does not know
   */
  public byte[] open(RecordIdentity identity, byte[] sealed) {
    Keys open = keys();
    if (sealed.length < OVERHEAD_BYTES) {
      throw new CryptoException(Reason.DAMAGED, "a sealed record is too short");
    }
    ByteBuffer in = ByteBuffer.wrap(sealed);
    int version = Byte.toUnsignedInt(in.get());
    if (version > SEALED_VERSION) {
      throw new CryptoException(
          Reason.NEWER_FORMAT,
          "a record has format version "
              + version
              + ", the newest known is "
              + SEALED_VERSION
              + ": upgrade");
    }
    int epoch = in.getInt();
    if (version < SEALED_VERSION || !open.dataByEpoch().containsKey(epoch)) {
      throw new CryptoException(
          Reason.DAMAGED, "a sealed record names keys that this vault does not have");
    }
    byte[] ciphertext = new byte[in.remaining()];
    in.get(ciphertext);
    return cipher(open, identity, epoch)
        .decrypt(
            ciphertext,
            associatedData(identity, epoch),
            "a record was altered, or put in the place of another one");
  }

  /**
   * Makes the token under which something is found without its name being stored: HMAC-SHA-256
   * under a key of the vault, of the parts with their lengths, cut to 128 bits.
   *
   * @param parts what is named; the same parts give the same token in this vault, and another one
   *     in every other vault
   * @return 22 characters of URL-safe Base64
   */
  public String token(String... parts) {
    byte[] digest = keys().names().compute(Encoding.of((Object[]) parts));
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(Arrays.copyOf(digest, TOKEN_BYTES));
  }

  /** Forgets the keys. Closing twice is closing once. */
  @Override
  public void close() {
    keys = null;
  }

  /** Says nothing of the keys. */
  @Override
  public String toString() {
    return "Keyring[hidden]";
  }

  private Keys keys() {
    Keys open = keys;
    if (open == null) {
      throw new IllegalStateException("the keyring is closed");
    }
    return open;
  }

  private AesGcm cipher(Keys open, RecordIdentity identity, int epoch) {
    Hmac dataKey = Objects.requireNonNull(open.dataByEpoch().get(epoch), "epoch");
    byte[] info =
        Encoding.of("secretvault/1/record", vaultId, identity.namespace(), identity.key());
    byte[] key = Hkdf.expand(dataKey, info, AesGcm.KEY_BYTES);
    try {
      return new AesGcm(key);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private byte[] associatedData(RecordIdentity identity, int epoch) {
    return Encoding.of(
        "secretvault/1/sealed",
        vaultId,
        identity.namespace(),
        identity.key(),
        identity.revision(),
        epoch,
        identity.purpose());
  }

  // The keyring's plaintext: u32 generation | name key | audit key | u16 count | count x (u32
  // epoch, i64 ms, data key)

  private static final int KEY_BYTES = 32;
  private static final int FIXED_BYTES = Integer.BYTES + 2 * KEY_BYTES + Short.BYTES;
  private static final int EPOCH_BYTES = Integer.BYTES + Long.BYTES + KEY_BYTES;

  private static byte[] newKeys(long now) {
    byte[] random = random(3 * KEY_BYTES);
    byte[] encoded =
        ByteBuffer.allocate(FIXED_BYTES + EPOCH_BYTES)
            .putInt(1)
            .put(random, 0, 2 * KEY_BYTES)
            .putShort((short) 1)
            .putInt(1)
            .putLong(now)
            .put(random, 2 * KEY_BYTES, KEY_BYTES)
            .array();
    Arrays.fill(random, (byte) 0);
    return encoded;
  }

  private static Keys decode(byte[] encoded) {
    int count =
        encoded.length < FIXED_BYTES
            ? 0
            : ByteBuffer.wrap(encoded).getShort(FIXED_BYTES - Short.BYTES) & 0xffff;
    if (count == 0 || encoded.length != FIXED_BYTES + count * EPOCH_BYTES) {
      throw malformed();
    }
    Map<Integer, Hmac> dataByEpoch = new HashMap<>();
    int current = 0;
    for (int i = 0; i < count; i++) {
      int at = FIXED_BYTES + i * EPOCH_BYTES;
      int epoch = ByteBuffer.wrap(encoded).getInt(at);
      if (epoch < 1) {
        throw malformed();
      }
      dataByEpoch.put(epoch, prepare(encoded, at + Integer.BYTES + Long.BYTES));
      current = Math.max(current, epoch);
    }
    if (dataByEpoch.size() != count) {
      throw malformed();
    }
    return new Keys(prepare(encoded, Integer.BYTES), Map.copyOf(dataByEpoch), current);
  }

  private static CryptoException malformed() {
    return new CryptoException(Reason.DAMAGED, "the vault's keyring is malformed");
  }

  private static Hmac prepare(byte[] encoded, int at) {
    byte[] key = Arrays.copyOfRange(encoded, at, at + KEY_BYTES);
    try {
      return Hmac.sha256(key);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }
}
