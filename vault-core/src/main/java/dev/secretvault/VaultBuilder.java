package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Opens one vault. Every option may be set once; store and master key are required. Not
 * thread-safe.
 */
public final class VaultBuilder {
  private @Nullable SecretStore store;
  private @Nullable MasterKey masterKey;
  private @Nullable InstantSource clock;
  private @Nullable NamePolicy namePolicy;
  private @Nullable VaultLimits limits;
  private @Nullable FreshnessAnchor anchor;
  private boolean fromNow;
  private @Nullable AuditPolicy audit;
  private ThreadFactory threads = SweepThread::daemon;
  private boolean used;

  VaultBuilder() {}

  /**
   * Sets where sealed records are kept. The vault takes the store over: it closes it when it is
   * closed, or when it cannot be opened.
   *
   * @param newStore an open store
   * @return this
   * @throws IllegalStateException if a store was already set
   */
  public VaultBuilder store(SecretStore newStore) {
    requireUnset("store", store);
    store = Objects.requireNonNull(newStore, "store");
    return this;
  }

  /**
   * Sets what unlocks the vault. The vault takes the key over: it closes it as soon as it is open
   * or cannot be opened.
   *
   * @param newMasterKey the key
   * @return this
   * @throws IllegalStateException if a master key was already set
   */
  public VaultBuilder masterKey(MasterKey newMasterKey) {
    requireUnset("masterKey", masterKey);
    masterKey = Objects.requireNonNull(newMasterKey, "masterKey");
    return this;
  }

  /**
   * Sets the clock that expiry and not-before are measured with; the system's if this is not
   * called. It is asked by several threads, and about once a second while something expires.
   *
   * @param newClock the clock
   * @return this
   * @throws IllegalStateException if a clock was already set
   */
  public VaultBuilder clock(InstantSource newClock) {
    requireUnset("clock", clock);
    clock = Objects.requireNonNull(newClock, "clock");
    return this;
  }

  /**
   * Sets which names new secrets may have; {@link NamePolicy#DEFAULT} if this is not called.
   *
   * @param newPolicy the policy
   * @return this
   * @throws IllegalStateException if a policy was already set
   */
  public VaultBuilder namePolicy(NamePolicy newPolicy) {
    requireUnset("namePolicy", namePolicy);
    namePolicy = Objects.requireNonNull(newPolicy, "namePolicy");
    return this;
  }

  /**
   * Sets how much the vault takes; {@link VaultLimits#defaults} if this is not called.
   *
   * @param newLimits the limits, of each namespace for itself
   * @return this
   * @throws IllegalStateException if limits were already set
   */
  public VaultBuilder limits(VaultLimits newLimits) {
    requireUnset("limits", limits);
    limits = Objects.requireNonNull(newLimits, "limits");
    return this;
  }

  /** Sets what makes the thread that sweeps, for tests that sweep themselves. */
  VaultBuilder threads(ThreadFactory newThreads) {
    threads = newThreads;
    return this;
  }

  /**
   * Has an {@linkplain SecretVault#audit audit trail} kept, from the next act on. Each act then
   * writes two more records, and those of one namespace are committed one after the other.
   *
   * <p>Nobody can end it: a namespace that has a trail keeps it whatever the vaults on the store
   * are opened with, or a deletion made by somebody who does not mention it would not be in it. A
   * vault that is opened without this obeys a trail that is there, from at most a second after its
   * beginning on, and keeps what the last vault with a policy was told to.
   *
   * @param newPolicy what to keep
   * @return this
   * @throws IllegalStateException if a policy was already set
   */
  public VaultBuilder audit(AuditPolicy newPolicy) {
    requireUnset("audit", audit);
    audit = Objects.requireNonNull(newPolicy, "audit");
    return this;
  }

  /**
   * Has an anchor elsewhere remember how far the vault has come, so that an older copy of the store
   * that was put back is refused when it is opened, and at the next change if it is open. Without
   * one, what was revealed or deleted since that copy was made comes back with it.
   *
   * <p>That begins when the vault is first opened with an anchor. From then on it has to be opened
   * with the anchor always; vaults that are open on the store without it throw {@link
   * IllegalStateException} from their next change on; and an anchor that has lost its mark is
   * refused. It can be exchanged for another one, by {@link #freshnessFromNow}, but not given up.
   * Any number of vaults may use the store at once, all of them with the same anchor.
   *
   * <p>The anchor is asked before each commit, and has noted it before it returns. So commits take
   * turns, cost what the anchor costs, and fail while it cannot be reached. One that is on its way
   * while vaults that were opened 15 times, however briefly, make theirs may throw {@link
   * StoreFailedException} with an unknown outcome: it cannot be told then from one that was lost
   * with a copy put back. So may one, where many processes commit all the time, that others
   * overtake at the anchor a hundred times; a value that it was to reveal is lost.
   *
   * <p>The anchor notices copies of the whole, put back by mistake or by somebody who does not
   * alter them. Whoever can write single records can put back all but the one that counts commits.
   * A store that may lose commits that it has acknowledged, as a replica does that takes over
   * before it has all, is an older copy then: {@link #freshnessFromNow} is the way on.
   *
   * @param newAnchor the anchor
   * @return this
   * @throws IllegalStateException if an anchor was already set
   */
  public VaultBuilder freshness(FreshnessAnchor newAnchor) {
    requireUnset("freshness", anchor);
    anchor = Objects.requireNonNull(newAnchor, "freshness");
    return this;
  }

  /**
   * Does what {@link #freshness} does, but takes the store as it stands, for this time: after a
   * backup was put back on purpose, or the anchor was lost. From then on vaults with a former
   * anchor are refused. Not for several vaults at once: the others follow with {@link #freshness}.
   * If opening fails and the anchor has noted nothing, it is to be opened with this method again.
   *
   * @param newAnchor an anchor that has noted nothing yet; if it has, opening throws {@link
   *     IllegalStateException}
   * @return this
   * @throws IllegalStateException if an anchor was already set
   */
  public VaultBuilder freshnessFromNow(FreshnessAnchor newAnchor) {
    freshness(newAnchor);
    fromNow = true;
    return this;
  }

  /**
   * Opens the vault of the store, or creates it there if the store is empty.
   *
   * @return the vault, for the caller to close
   * @throws WrongMasterKeyException if the master key does not unlock it
   * @throws MasterKeyUnavailableException if the master key cannot be had
   * @throws IntegrityException if the vault is damaged, or older than its {@linkplain #freshness
   *     freshness} anchor has seen
   * @throws UnsupportedFormatException if a newer release wrote it
   * @throws StoreFailedException if the store fails, or the anchor
   * @throws IllegalStateException if the store or the master key was not set, or this builder has
   *     opened a vault, or failed to; or if the vault has a {@linkplain #freshness freshness}
   *     anchor that was not set
   */
  public SecretVault open() {
    return open(true);
  }

  /**
   * Opens the vault of the store, as {@link #open} does, but refuses to create one.
   *
   * @return the vault, for the caller to close
   * @throws VaultNotFoundException if the store is empty
   */
  public SecretVault openExisting() {
    return open(false);
  }

  private SecretVault open(boolean create) {
    if (store == null || masterKey == null) {
      throw new IllegalStateException(
          store == null ? "store: must be set" : "masterKey: must be set");
    }
    if (used) {
      // Going on would end in closing the store, which by now is that of another vault.
      throw new IllegalStateException("the builder was already used: each vault needs its own");
    }
    used = true;
    SecretStore from = store;
    try (MasterKey key = masterKey) {
      HeaderRecord header;
      if (anchor == null) {
        header = HeaderRecord.unlock(from, key, create);
      } else {
        AnchoredStore anchored = new AnchoredStore(from, anchor);
        header = unlock(anchored, key, create);
        from = anchored;
      }
      VaultClock time =
          new VaultClock(
              Objects.requireNonNullElseGet(clock, InstantSource::system),
              new HighWaterMark(from, header));
      OpenVault opened =
          OpenVault.open(
              from,
              header,
              new VaultRules(
                  Objects.requireNonNullElse(namePolicy, NamePolicy.DEFAULT),
                  Objects.requireNonNullElse(limits, VaultLimits.defaults()),
                  time,
                  audit),
              threads);
      return SecretVault.of(opened);
    } catch (RuntimeException e) {
      try {
        from.close();
      } catch (RuntimeException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  private HeaderRecord unlock(AnchoredStore anchored, MasterKey key, boolean create) {
    if (fromNow) {
      anchored.requireNewAnchor();
    }
    HeaderRecord header = HeaderRecord.unlock(anchored, key, create);
    try {
      anchored.begin(fromNow);
      return header;
    } catch (RuntimeException e) {
      header.close();
      throw e;
    }
  }

  private static void requireUnset(String option, @Nullable Object value) {
    if (value != null) {
      throw new IllegalStateException(option + " was already set");
    }
  }
}
