package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.HeaderRecord.Committing;
import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.KeyringChange;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.UnlockSlot;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a vault: what unlocks it, and the epochs of its data keys.
 *
 * <p><b>Unlock slots.</b> A vault has 1 to 16 of them, and the master key of any one opens it. Only
 * the vault's header is written when they change, however many secrets there are.
 *
 * <p><b>Epochs.</b> Data keys are numbered by epoch. {@link #rotate} begins a new one, {@link
 * #reencrypt} seals the records of older ones anew, and {@link #retire} lets the keys of one go
 * that no record needs any more. All of that is done while the vault is in use, and other vaults on
 * the same store follow.
 *
 * <p><b>What taking a master key away does, and what not.</b> From then on that key opens no
 * current copy of the vault. Whoever has used it, and kept a copy of the store of that time or what
 * it led to, still reads what was sealed under the epochs of that time. So after a master key has
 * leaked: take it away, rotate, re-encrypt, retire the older epochs, and change the secrets that an
 * older copy holds. {@link #changeMasterKey} of a vault with one slot also replaces the root key,
 * so that not even somebody who has kept that sees later epochs; with several slots, it stays.
 *
 * <p><b>Master keys</b> that are handed in are taken over, and closed when the method returns or
 * throws.
 *
 * <p><b>Threads.</b> Safe for use by any number of threads at once.
 *
 * <p><b>Errors.</b> Besides those they name, methods throw what all methods of {@link SecretVault}
 * may throw, and {@link StaleRevisionException} if others keep changing the keys. A method that
 * throws {@link StoreFailedException} with an unknown outcome may have made its change.
 */
public final class VaultKeys {

  private final HeaderRecord header;
  private final Namespaces namespaces;
  private final VaultRecords records;
  private final InstantSource clock;

  private final Auditor auditor;
  private final Runnable requireOpen;

  VaultKeys(
      HeaderRecord header,
      Namespaces namespaces,
      InstantSource clock,
      @Nullable String actor,
      Runnable requireOpen) {
    this.auditor = namespaces.get(Namespaces.DEFAULT).auditor().actingAs(actor);
    this.requireOpen = requireOpen;
    this.header = header;
    this.namespaces = namespaces;
    this.records = namespaces.get(Namespaces.DEFAULT).records();
    this.clock = clock;
  }

  /** {@return the vault's unlock slots; one that replaced another has its place} */
  public List<UnlockSlot> unlockSlots() {
    refresh();
    return header.keyring().unlockSlots();
  }

  /**
   * Lets another master key unlock the vault, too.
   *
   * @param masterKey the key; a {@linkplain MasterKey#fromFile key file} that is missing is created
   * @return its slot
   * @throws MasterKeyUnavailableException if the key cannot be had
   * @throws QuotaExceededException if there are 16 slots
   */
  public UnlockSlot addUnlock(MasterKey masterKey) {
    try (masterKey) {
      requireOpen.run();
      return header.change(
          keyring -> keyring.addUnlock(masterKey),
          auditing(Kind.UNLOCK_ADDED),
          keyring -> last(keyring.unlockSlots()));
    }
  }

  /**
   * Takes a slot away: its master key opens the vault no more. What that does not do is said above.
   *
   * @param slotId the slot's {@linkplain UnlockSlot#id id}
   * @throws IllegalArgumentException if there is no such slot
   * @throws KeyInUseException if it is the last one
   */
  public void removeUnlock(String slotId) {
    Objects.requireNonNull(slotId, "slotId");
    change(keyring -> keyring.removeUnlock(slotId), auditing(Kind.UNLOCK_REMOVED));
  }

  /**
   * Takes the slot of a master key away, as {@link #removeUnlock(String)} does; all of its slots,
   * if it was added more than once.
   *
   * @param masterKey the key that shall open the vault no more
   * @throws WrongMasterKeyException if it does not open the vault now
   * @throws MasterKeyUnavailableException if the key cannot be had
   * @throws KeyInUseException if no other slot is left
   */
  public void removeUnlock(MasterKey masterKey) {
    try (masterKey) {
      change(keyring -> keyring.removeUnlock(masterKey), auditing(Kind.UNLOCK_REMOVED));
    }
  }

  /**
   * Replaces a master key by another one, in one step.
   *
   * <p>If it is the only one, other vaults that are open on the same store have to be opened anew,
   * with the new key; until then their methods throw {@link WrongMasterKeyException} as soon as
   * they need more than what they have read before. To change it while they run, {@linkplain
   * #addUnlock add} the new key, open them with it one after the other, and {@linkplain
   * #removeUnlock(MasterKey) remove} the old one.
   *
   * @param old a key that opens the vault now
   * @param replacement the key that shall open it instead; a {@linkplain MasterKey#fromFile key
   *     file} that is missing is created
   * @throws WrongMasterKeyException if {@code old} does not open the vault
   * @throws MasterKeyUnavailableException if one of the keys cannot be had
   */
  public void changeMasterKey(MasterKey old, MasterKey replacement) {
    try (old;
        replacement) {
      change(
          keyring -> keyring.changeMasterKey(old, replacement), auditing(Kind.MASTER_KEY_CHANGED));
    }
  }

  /**
   * Begins a new epoch: what is written from now on, by any vault on the store, is sealed under new
   * keys. All that is there stays readable.
   *
   * @return the number of the new epoch
   * @throws QuotaExceededException if there are a thousand epochs: retire some
   */
  public int rotate() {
    requireOpen.run();
    return header.change(
        keyring -> keyring.rotate(clock.instant()),
        (keyring, commit) -> auditor.commit(Kind.EPOCH_BEGUN, keyring.epoch() + 1, commit),
        Keyring::epoch);
  }

  /**
   * Seals all records of older epochs anew, under the newest one. Secrets stay as they are, but for
   * their {@linkplain SecretInfo#revision revisions}, which grow.
   *
   * <p>That may take its time, while the vault is used as ever. If it is broken off, by whatever
   * happens, what was done is done, and the next call goes on with the rest. Records of older
   * epochs that do not open stay as they are and are reported; the secrets of those can be
   * {@linkplain SecretVault#delete deleted}. Records of the newest epoch are not opened.
   *
   * @param progress is told from time to time, on the calling thread, how far it has come; what it
   *     throws breaks off
   * @return what was done
   */
  public Reencryption reencrypt(Consumer<Reencryption> progress) {
    Objects.requireNonNull(progress, "progress");
    refresh();
    return new Reencryptor(namespaces, progress).run();
  }

  /**
   * Deletes a record that does not open, for good. That of a secret, its name or its values is
   * better deleted {@linkplain SecretVault#delete with the secret}; this is for those that belong
   * to nothing that can be told any more. The value of a one-time secret goes with its own record.
   *
   * @param key the record's key in the store, as {@link Reencryption#quarantinedKeys} has it
   * @return false if there is no such record
   * @throws IllegalArgumentException if it cannot be a key, or the record opens
   */
  public boolean discard(String key) {
    requireOpen.run();
    return namespaces.discard(new RecordKey(key), auditor.actor());
  }

  /**
   * Counts the records of each epoch, by reading all of them.
   *
   * @return the epochs that the vault has keys of, the oldest first
   */
  public List<KeyEpoch> keysInUse() {
    refresh();
    SortedMap<Integer, Instant> epochs = header.keyring().epochs();
    Map<Integer, Long> counts = new HashMap<>();
    List<StoredRecord> page = records.scan(null, SecretStore.MAX_PAGE);
    while (!page.isEmpty()) {
      page.forEach(stored -> count(stored, counts));
      page = records.scan(last(page).key(), SecretStore.MAX_PAGE);
    }
    return epochs.entrySet().stream()
        .map(
            epoch ->
                new KeyEpoch(
                    epoch.getKey(),
                    epoch.getValue(),
                    epoch.getKey().equals(epochs.lastKey()),
                    counts.getOrDefault(epoch.getKey(), 0L)))
        .toList();
  }

  private static void count(StoredRecord stored, Map<Integer, Long> counts) {
    try {
      counts.merge(VaultRecords.epochOf(stored), 1L, Long::sum);
    } catch (IntegrityException | UnsupportedFormatException neverSealedHere) {
      // No key of this vault would open it.
    }
  }

  /**
   * Says whether the keys of an epoch can be {@linkplain #retire retired}: it is not the newest,
   * and no record is sealed under it. Once that is so, it stays so.
   *
   * @param epoch the epoch's number
   * @return whether nothing would be lost
   * @throws IllegalArgumentException if there is no such epoch
   */
  public boolean safeToRetire(int epoch) {
    KeyEpoch found =
        keysInUse().stream()
            .filter(candidate -> candidate.number() == epoch)
            .findAny()
            .orElseThrow(() -> new IllegalArgumentException("epoch: there is no epoch " + epoch));
    return !found.current() && found.records() == 0;
  }

  /**
   * Lets the keys of an epoch go, for good. Copies of records in older backups cannot be read with
   * the vault as it is then, only with the header of that backup.
   *
   * @param epoch the epoch's number
   * @throws IllegalArgumentException if there is no such epoch
   * @throws KeyInUseException if it is not {@linkplain #safeToRetire safe}
   */
  public void retire(int epoch) {
    if (!safeToRetire(epoch)) {
      throw new KeyInUseException(
          "records are sealed under epoch " + epoch + ", or will be: rotate and re-encrypt first",
          null);
    }
    change(
        keyring -> keyring.retire(epoch),
        (keyring, commit) -> auditor.commit(Kind.EPOCH_RETIRED, epoch, commit));
  }

  private void refresh() {
    requireOpen.run();
    header.refresh();
  }

  private void change(Function<Keyring, KeyringChange> step, Committing committing) {
    requireOpen.run();
    header.change(step, committing, keyring -> keyring);
  }

  private Committing auditing(Kind kind) {
    return (keyring, commit) -> auditor.commit(kind, 0, commit);
  }

  private static <T> T last(List<T> list) {
    return list.get(list.size() - 1);
  }

  /** Says nothing of the keys. */
  @Override
  public String toString() {
    return "VaultKeys[hidden]";
  }
}
