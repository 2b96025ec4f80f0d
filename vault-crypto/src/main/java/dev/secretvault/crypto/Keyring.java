package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.KeyringText.Epoch;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A vault's own keys, and all that is done with them: sealing and opening records, and making the
 * tokens under which names are found.
 *
 * <p>The keys are random. They are kept in the vault's {@linkplain #header header}, sealed under a
 * root key, which is sealed in a slot for each {@linkplain MasterKey master key}; {@code
 * docs/FORMAT.md} describes every byte. Data keys are numbered by epoch, the highest is the one
 * that new records are sealed under. Each record is sealed with AES-256-GCM under a key of its own,
 * derived from the epoch's data key by HKDF (RFC 5869), so that the limit on random nonces under
 * one key applies to the revisions of one record.
 *
 * <p><b>Changes</b> of the keys are made in two steps, as they must be stored in between: {@link
 * #rotate} and the like return a change with the new header; when that is stored, {@link #apply}
 * puts it in force here, and {@link #follow} does so in other keyrings of the same vault.
 *
 * <p>Thread-safe. Whoever made a keyring closes it; after that, all but {@link #close} throw {@link
 * IllegalStateException}.
 */
public final class Keyring implements AutoCloseable {

  private static final int TOKEN_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private volatile @Nullable State state;

  /**
   * The keys at one time.
   *
   * @param rootKey overwritten when the keyring is closed or has another one
   * @param names makes tokens
   * @param audits links the events of audit trails
   * @param passphrases goes into the keys of passphrase-protected values
   * @param dataKeys the pseudorandom keys that record keys are expanded from, by epoch
   * @param epochs when each was made
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record State(
      VaultHeader header,
      byte[] rootKey,
      int generation,
      Hmac names,
      Hmac audits,
      Hmac passphrases,
      Map<Integer, DataKey> dataKeys,
      SortedMap<Integer, Instant> epochs) {

    static State of(VaultHeader header, byte[] rootKey, KeyringText text) {
      Map<Integer, DataKey> dataKeys = new TreeMap<>();
      SortedMap<Integer, Instant> epochs = new TreeMap<>();
      for (Epoch epoch : text.epochs()) {
        int number = epoch.number();
        dataKeys.put(number, new DataKey(number, Hmac.sha256(epoch.dataKey())));
        epochs.put(number, Instant.ofEpochMilli(epoch.createdAt()));
      }
      return new State(
          header,
          rootKey,
          text.generation(),
          Hmac.sha256(text.nameKey()),
          Hmac.sha256(text.auditKey()),
          Hmac.sha256(text.passphraseKey()),
          Map.copyOf(dataKeys),
          Collections.unmodifiableSortedMap(epochs));
    }

    int epoch() {
      return epochs.lastKey();
    }
  }

  private Keyring(State state) {
    this.state = state;
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
    byte[] vaultId = random(VaultHeader.VAULT_ID_BYTES);
    byte[] rootKey = random(AesGcm.KEY_BYTES);
    try (KeyringText text = KeyringText.generate(Instant.now())) {
      List<SealedSlot> slots = List.of(SealedSlot.seal(vaultId, masterKey, rootKey));
      return new Keyring(seal(vaultId, slots, rootKey, text));
    } catch (RuntimeException e) {
      Arrays.fill(rootKey, (byte) 0);
      throw e;
    }
  }

  /**
   * Tells a vault from others without a key. Who can write a header can choose what this says.
   *
   * @param header what {@link #header} returned, of that vault or of a later state of it
   * @return what stays the same for as long as the vault exists, 16 bytes
   * @throws CryptoException {@link Reason#DAMAGED} or {@link Reason#NEWER_FORMAT}
   */
  public static byte[] vaultId(byte[] header) {
    return VaultHeader.parse(header).vaultId().clone();
  }

  /**
   * Unlocks the keyring of an existing vault.
   *
   * @param masterKey a key that unlocks it
   * @param header what {@link #header} returned
   * @return the keyring
   * @throws CryptoException with its reason: {@link Reason#WRONG_KEY}, {@link
   *     Reason#KEY_UNAVAILABLE}, {@link Reason#DAMAGED}, or {@link Reason#NEWER_FORMAT}
   */
  public static Keyring open(MasterKey masterKey, byte[] header) {
    VaultHeader parsed = VaultHeader.parse(header);
    byte[] rootKey = parsed.unlock(masterKey);
    try {
      return new Keyring(unseal(parsed, rootKey));
    } catch (RuntimeException e) {
      Arrays.fill(rootKey, (byte) 0);
      throw e;
    }
  }

  private static State seal(
      byte[] vaultId, List<SealedSlot> slots, byte[] rootKey, KeyringText text) {
    byte[] encoded = text.encode();
    try {
      return State.of(VaultHeader.seal(vaultId, slots, rootKey, encoded), rootKey, text);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  private static State unseal(VaultHeader header, byte[] rootKey) {
    try (KeyringText text = textOf(header, rootKey)) {
      return State.of(header, rootKey, text);
    }
  }

  private static KeyringText textOf(VaultHeader header, byte[] rootKey) {
    byte[] encoded = header.openKeyring(rootKey);
    try {
      return KeyringText.decode(encoded);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  /**
   * {@return the keyring in its sealed form, with all that is needed to unlock it but the master
   * key; a new array}
   */
  public byte[] header() {
    return state().header().bytes().clone();
  }

  /**
   * Makes what seals and opens one record.
   *
   * @param namespace the namespace; empty for the default one
   * @param key the key of the record in the store
   * @param purpose what the record is, so that one kind cannot stand in for another
   * @return the cipher, bound to all three
   * @throws IllegalArgumentException if one of them has half of a surrogate pair
   */
  public RecordCipher cipher(String namespace, String key, String purpose) {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(purpose, "purpose");
    return new RecordCipher(this, state().header().vaultId(), namespace, key, purpose);
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
    byte[] digest = state().names().compute(Encoding.of((Object[]) parts));
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(Arrays.copyOf(digest, TOKEN_BYTES));
  }

  /**
   * Makes the MAC that links a part of an audit trail to the part before it: HMAC-SHA-256 under a
   * key of the vault that does nothing else, and that stays when data keys change.
   *
   * @param namespace the namespace whose trail it is
   * @param purpose what the content is, so that one kind cannot stand in for another
   * @param content what is said, and the MAC before it
   * @return 32 bytes, a new array
   * @throws IllegalArgumentException if one of the texts has half of a surrogate pair
   */
  public byte[] auditMac(String namespace, String purpose, byte[] content) {
    State now = state();
    return now.audits()
        .compute(
            Encoding.of(
                "secretvault/1/audit", now.header().vaultId(), namespace, purpose, content));
  }

  /**
   * Seals a value under a passphrase and a key of the vault together, so that it takes both to open
   * it. The passphrase's part is Argon2id (RFC 9106) of 19 MiB, two passes and one lane, with a
   * random salt; at most two such calculations run in a process at a time.
   *
   * @param namespace the namespace of the record that the value is for
   * @param key the key of that record; the value opens for no other
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @param value any bytes; the caller overwrites them
   * @return the sealed value, a new array, of at most {@value PassphraseSeal#OVERHEAD_BYTES} bytes
   *     more
   * @throws IllegalArgumentException if the passphrase is empty, too long, or holds an unpaired
   *     surrogate
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if there is not enough memory
   */
  public byte[] protect(String namespace, String key, char[] passphrase, byte[] value) {
    State now = state();
    return new PassphraseSeal(now.passphrases(), now.header().vaultId(), namespace, key)
        .seal(passphrase, value);
  }

  /**
   * Opens what {@link #protect} sealed.
   *
   * @param namespace the namespace of the record
   * @param key the key of the record
   * @param passphrase the passphrase; the caller overwrites it
   * @param sealed the sealed value
   * @return the value, a new array, for the caller to overwrite
   * @throws CryptoException {@link Reason#WRONG_KEY} if the passphrase is wrong; {@link
   *     Reason#DAMAGED} if it is right and the value was altered all the same, or is malformed;
   *     {@link Reason#KEY_UNAVAILABLE} if there is not enough memory
   */
  public byte[] unprotect(String namespace, String key, char[] passphrase, byte[] sealed) {
    State now = state();
    return new PassphraseSeal(now.passphrases(), now.header().vaultId(), namespace, key)
        .open(passphrase, sealed);
  }

  /**
   * Seals a value under a random token and a key of the vault together, so that it takes both to
   * open it.
   *
   * @param namespace the namespace of the record that the value is for
   * @param key the key of that record; the value opens for no other
   * @param token 32 random bytes, which the vault must not keep
   * @param value any bytes
   * @return the sealed value
   * @throws IllegalArgumentException if the token has another length
   */
  public byte[] sealForLink(String namespace, String key, byte[] token, byte[] value) {
    return linkSeal(namespace, key).seal(token, value);
  }

  /**
   * Opens what {@link #sealForLink} sealed.
   *
   * @param namespace the namespace of the record
   * @param key the key of the record
   * @param token the token
   * @param sealed the sealed value
   * @return the value, a new array, for the caller to overwrite
   * @throws CryptoException {@link Reason#DAMAGED} if it was sealed for another token, namespace,
   *     key or vault, was altered, or is malformed; {@link Reason#NEWER_FORMAT}
   * @throws IllegalArgumentException if the token has another length
   */
  public byte[] openForLink(String namespace, String key, byte[] token, byte[] sealed) {
    return linkSeal(namespace, key).open(token, sealed);
  }

  private LinkSeal linkSeal(String namespace, String key) {
    State now = state();
    return new LinkSeal(now.passphrases(), now.header().vaultId(), namespace, key);
  }

  /** {@return the ways to unlock the vault} */
  public List<UnlockSlot> unlockSlots() {
    return state().header().slots().stream().map(SealedSlot::describe).toList();
  }

  /** {@return the epochs that there are keys of, the newest last, each with its creation} */
  public SortedMap<Integer, Instant> epochs() {
    return state().epochs();
  }

  /** {@return the newest epoch} */
  public int epoch() {
    return state().epoch();
  }

  boolean has(int epoch) {
    return state().dataKeys().containsKey(epoch);
  }

  /** The key that record keys of an epoch are expanded from. */
  record DataKey(int epoch, Hmac key) {}

  /** That of the newest epoch: of one state, as the next one may have retired it. */
  DataKey newest() {
    State now = state();
    return dataKey(now, now.epoch());
  }

  DataKey dataKey(int epoch) {
    return dataKey(state(), epoch);
  }

  private static DataKey dataKey(State now, int epoch) {
    DataKey dataKey = now.dataKeys().get(epoch);
    if (dataKey == null) {
      throw new CryptoException(
          Reason.UNKNOWN_EPOCH, "a record is sealed under keys that this vault does not have");
    }
    return dataKey;
  }

  /**
   * Begins a new epoch; records of the others stay readable.
   *
   * @param now the creation of its keys
   * @return the change
   * @throws CryptoException ({@link Reason#LIMIT_REACHED}) if there are a thousand epochs
   */
  public synchronized KeyringChange rotate(Instant now) {
    return edit(text -> text.addEpoch(now));
  }

  /**
   * Forgets an epoch, and with it all records that are still sealed under it.
   *
   * @param epoch which
   * @return the change
   * @throws IllegalArgumentException if there is none of this number, or it is the newest
   */
  public synchronized KeyringChange retire(int epoch) {
    if (!has(epoch)) {
      throw new IllegalArgumentException("epoch: there is no epoch " + epoch);
    }
    if (epoch == epoch()) {
      throw new IllegalArgumentException("epoch: " + epoch + " is in use for new records");
    }
    return edit(text -> text.removeEpoch(epoch));
  }

  private KeyringChange edit(Consumer<KeyringText> editor) {
    State before = state();
    try (KeyringText text = textOf(before.header(), before.rootKey())) {
      editor.accept(text);
      return change(before, before.header().slots(), before.rootKey(), text);
    }
  }

  /**
   * Adds a way to unlock the vault.
   *
   * @param added what shall unlock it, too
   * @return the change; the new slot is the last one
   * @throws CryptoException {@link Reason#KEY_UNAVAILABLE} if the key cannot be had; {@link
   *     Reason#LIMIT_REACHED} if there are 16 slots
   */
  public synchronized KeyringChange addUnlock(MasterKey added) {
    State before = state();
    List<SealedSlot> slots = new ArrayList<>(before.header().slots());
    if (slots.size() == VaultHeader.MAX_SLOTS) {
      throw new CryptoException(
          Reason.LIMIT_REACHED,
          "there are "
              + VaultHeader.MAX_SLOTS
              + " unlock slots, the most allowed: remove one first");
    }
    slots.add(SealedSlot.seal(before.header().vaultId(), added, before.rootKey()));
    return withSlots(before, slots);
  }

  /**
   * Removes a way to unlock the vault. Whoever has it and an older header still has the root key.
   *
   * @param id the slot's id
   * @return the change
   * @throws IllegalArgumentException if there is no such slot
   * @throws CryptoException ({@link Reason#STILL_NEEDED}) if it is the last one
   */
  public synchronized KeyringChange removeUnlock(String id) {
    State before = state();
    List<SealedSlot> removed =
        before.header().slots().stream().filter(slot -> slot.id().equals(id)).toList();
    if (removed.isEmpty()) {
      throw new IllegalArgumentException("id: there is no unlock slot of this id");
    }
    return without(removed, before);
  }

  /**
   * Removes a way to unlock the vault, as {@link #removeUnlock(String)} does; all of its slots, if
   * it was added more than once.
   *
   * @param removed what shall not unlock it any more
   * @return the change
   * @throws CryptoException {@link Reason#WRONG_KEY} if it unlocks no slot; {@link
   *     Reason#KEY_UNAVAILABLE} if it cannot be had; {@link Reason#STILL_NEEDED} if no other slot
   *     is left
   */
  public synchronized KeyringChange removeUnlock(MasterKey removed) {
    State before = state();
    return without(unlockedBy(removed, before.header()), before);
  }

  private static KeyringChange without(List<SealedSlot> removed, State before) {
    List<SealedSlot> slots = new ArrayList<>(before.header().slots());
    slots.removeAll(removed);
    if (slots.isEmpty()) {
      throw new CryptoException(
          Reason.STILL_NEEDED,
          "the last unlock slot must stay, or nothing would open the vault: add another one first");
    }
    return withSlots(before, slots);
  }

  /**
   * Replaces what unlocks the vault, in all of its slots, by one slot. If there are no others, the
   * root key is replaced, too, and all that it seals: only the header changes, but neither the old
   * master key nor the old root key open it any more. Other slots could not be sealed for a new
   * root key without their master keys, so it stays if there are any.
   *
   * @param old what unlocks it now
   * @param replacement what shall unlock it instead
   * @return the change
   * @throws CryptoException {@link Reason#WRONG_KEY} if {@code old} unlocks no slot; {@link
   *     Reason#KEY_UNAVAILABLE} if one of the keys cannot be had
   */
  public synchronized KeyringChange changeMasterKey(MasterKey old, MasterKey replacement) {
    State before = state();
    VaultHeader header = before.header();
    List<SealedSlot> slots = new ArrayList<>(header.slots());
    List<SealedSlot> replaced = unlockedBy(old, header);
    if (replaced.size() < slots.size()) {
      slots.set(
          slots.indexOf(replaced.get(0)),
          SealedSlot.seal(header.vaultId(), replacement, before.rootKey()));
      slots.removeAll(replaced);
      return withSlots(before, slots);
    }
    byte[] rootKey = random(AesGcm.KEY_BYTES);
    try (KeyringText text = textOf(header, before.rootKey())) {
      SealedSlot only = SealedSlot.seal(header.vaultId(), replacement, rootKey);
      return change(before, List.of(only), rootKey, text);
    } catch (RuntimeException e) {
      Arrays.fill(rootKey, (byte) 0);
      throw e;
    }
  }

  /** The slots that a master key unlocks, at least one. */
  private static List<SealedSlot> unlockedBy(MasterKey masterKey, VaultHeader header) {
    masterKey.requireAvailable();
    List<SealedSlot> unlocked =
        header.slots().stream().filter(slot -> unlocks(masterKey, slot, header)).toList();
    if (unlocked.isEmpty()) {
      throw new CryptoException(
          Reason.WRONG_KEY, "this master key does not unlock the vault: nothing was changed");
    }
    return unlocked;
  }

  private static boolean unlocks(MasterKey masterKey, SealedSlot slot, VaultHeader header) {
    byte[] rootKey = slot.open(header.vaultId(), masterKey);
    Arrays.fill(rootKey, (byte) 0);
    return rootKey.length > 0;
  }

  private static KeyringChange withSlots(State before, List<SealedSlot> slots) {
    try (KeyringText text = textOf(before.header(), before.rootKey())) {
      return change(before, slots, before.rootKey(), text);
    }
  }

  private static KeyringChange change(
      State before, List<SealedSlot> slots, byte[] rootKey, KeyringText text) {
    text.nextGeneration();
    return new KeyringChange(before, seal(before.header().vaultId(), slots, rootKey, text));
  }

  /**
   * Puts a change in force whose header was stored.
   *
   * @param change a change of this keyring as it is; if it was changed since, nothing happens, as
   *     whoever stores headers lets only one of two changes through
   */
  public synchronized void apply(KeyringChange change) {
    if (state().header() == change.before().header()) {
      replace(change.take());
    }
  }

  /**
   * Takes over a header that was stored by a change elsewhere. Does nothing if it is this keyring's
   * own.
   *
   * @param header the header as it is now
   * @throws CryptoException {@link Reason#WRONG_KEY} if the root key was replaced: the vault must
   *     be opened anew, with the new master key; {@link Reason#DAMAGED} if the header is damaged,
   *     of another vault, or older than this keyring; {@link Reason#NEWER_FORMAT}. The keys stay as
   *     they were
   */
  public synchronized void follow(byte[] header) {
    State before = state();
    if (MessageDigest.isEqual(header, before.header().bytes())) {
      return;
    }
    VaultHeader parsed = VaultHeader.parse(header);
    if (!MessageDigest.isEqual(parsed.vaultId(), before.header().vaultId())) {
      throw new CryptoException(
          Reason.DAMAGED, "the vault's header was replaced by that of another vault");
    }
    if (!parsed.isMadeUnder(before.rootKey())) {
      throw new CryptoException(
          Reason.WRONG_KEY,
          "the vault's master key was changed elsewhere, or its header was altered: open the vault"
              + " anew, with the new master key");
    }
    State after = unseal(parsed, before.rootKey());
    if (after.generation() <= before.generation()) {
      throw new CryptoException(
          Reason.DAMAGED, "the vault's header went back to an older state: restore it");
    }
    replace(after);
  }

  private void replace(State after) {
    byte[] former = state().rootKey();
    state = after;
    if (former != after.rootKey()) {
      Arrays.fill(former, (byte) 0);
    }
  }

  void requireOpen() {
    state();
  }

  private State state() {
    State now = state;
    if (now == null) {
      throw new IllegalStateException("the keyring is closed");
    }
    return now;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** Overwrites the keys. Closing twice is closing once. */
  @Override
  public synchronized void close() {
    State last = state;
    state = null;
    if (last != null) {
      Arrays.fill(last.rootKey(), (byte) 0);
      last.names().erase();
      last.audits().erase();
      last.passphrases().erase();
      last.dataKeys().values().forEach(dataKey -> dataKey.key().erase());
    }
  }

  /** Says nothing of the keys. */
  @Override
  public String toString() {
    return "Keyring[hidden]";
  }
}
