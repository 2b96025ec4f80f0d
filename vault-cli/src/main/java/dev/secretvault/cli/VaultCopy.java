package dev.secretvault.cli;

import dev.secretvault.crypto.Keyring;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Makes a store hold what another one holds, whose vault may be in use meanwhile. Opens no record
 * and needs no key.
 *
 * <p>A vault of which there are two gives out twice what is to be given out once. So the copy is no
 * vault until it is {@linkplain #finish finished}: the header, without which nothing opens, is put
 * last. Until then the store has a mark that says whose copy it is, so that nothing else is taken
 * for one and overwritten. From then on nothing is copied to it any more, as it may be in use.
 *
 * <p>What is to be done is found by comparing, so a copy that was broken off goes on.
 */
final class VaultCopy {

  static final RecordKey HEADER = new RecordKey("header");
  static final RecordKey MARK = new RecordKey("copy");

  /** Longer than a store may take to report a commit that was made elsewhere. */
  static final Duration QUIET = Duration.ofMillis(1_200);

  /** How often all is compared for a vault that is in use, and stays so. */
  private static final int ROUNDS_IN_USE = 2;

  /** How often all is compared before it is clear that the vault is still in use. */
  private static final int ROUNDS_TO_FINISH = 4;

  private final SecretStore source;
  private final SecretStore target;
  private final int batch;
  private final Duration quiet;
  private final Streams streams;

  /**
   * Names the stores.
   *
   * @param batch how many changes a commit may have
   * @param quiet how long nothing must have been reported of the source for it to be at rest
   */
  VaultCopy(SecretStore source, SecretStore target, int batch, Duration quiet, Streams streams) {
    this.source = source;
    this.target = target;
    this.batch = batch;
    this.quiet = quiet;
    this.streams = streams;
  }

  /** How far a copy is. */
  enum State {
    /** It is as the vault was when it was read last, but the vault is being written to. */
    BEHIND,
    /** It holds what the vault holds. */
    IN_STEP,
    /** It is a vault. */
    FINISHED
  }

  /**
   * What came of it.
   *
   * @param made how many records were put and deleted
   * @param records how many the copy holds, if that was verified
   */
  record Result(State state, long made, long records) {}

  /**
   * Brings the copy in step with a vault that may be in use.
   *
   * @throws Refusal if the one is no vault or the other no copy of it
   */
  Result copy() {
    return run(ROUNDS_IN_USE, false);
  }

  /**
   * Brings the copy in step, and makes it a vault.
   *
   * @throws Refusal also if the vault is in use
   */
  Result finish() {
    return run(ROUNDS_TO_FINISH, true);
  }

  private Result run(int rounds, boolean finish) {
    StoredRecord header = header(source);
    Optional<StoredRecord> vault = target.read(HEADER);
    if (vault.isPresent()) {
      return compare(header, vault.get());
    }
    try {
      mark(header);
      return new Rounds().run(rounds, finish);
    } catch (RevisionConflictException writtenByAnother) {
      throw Refusal.because(
          "somebody else writes to the copy: see that nobody does, and run this again");
    }
  }

  /**
   * The header of the vault in a store.
   *
   * @throws Refusal if there is none
   */
  static StoredRecord header(SecretStore source) {
    return source
        .read(HEADER)
        .orElseThrow(
            () ->
                Refusal.because(
                    source.read(MARK).isPresent()
                        ? "there is no vault to copy from, but a copy that is not finished"
                        : "there is no vault to copy from"));
  }

  /** Makes sure that what the copy is to overwrite is a copy of the same vault. */
  private void mark(StoredRecord header) {
    byte[] vaultId = Keyring.vaultId(header.bytes());
    Optional<StoredRecord> mark = target.read(MARK);
    if (mark.isPresent()) {
      if (!Arrays.equals(mark.get().bytes(), vaultId)) {
        throw Refusal.because(
            "there is an unfinished copy of another vault: name an empty place to copy to");
      }
    } else if (target.scan(null, 1).isEmpty()) {
      target.commit(List.of(Change.put(MARK, 0, vaultId)));
    } else {
      throw Refusal.because(
          "there are records of something else, maybe of a vault whose header is lost: name an"
              + " empty place to copy to");
    }
  }

  /** Says whether a vault is the finished copy, and changes nothing. */
  private Result compare(StoredRecord header, StoredRecord vault) {
    if (!Arrays.equals(Keyring.vaultId(header.bytes()), Keyring.vaultId(vault.bytes()))) {
      throw Refusal.because("there is another vault: name an empty place to copy to");
    }
    Fingerprint.Taker taker = new Fingerprint.Taker();
    Fingerprint copy = fingerprint(taker, target, Set.of());
    if (!copy.equals(fingerprint(taker, source, Set.of()))) {
      throw Refusal.because(
          "there is a finished copy of this vault, and one of the two has been used since: nothing"
              + " was changed; go on with one of them, and never again with the other");
    }
    return new Result(State.FINISHED, 0, copy.records());
  }

  private Fingerprint fingerprint(
      Fingerprint.Taker taker, SecretStore store, Set<RecordKey> except) {
    try (Progress progress = progress("records verified")) {
      return taker.of(new Records(store, except), progress);
    }
  }

  private Progress progress(String what) {
    return new Progress(streams, Progress.UNKNOWN, what, System::nanoTime);
  }

  /** One run, during which the source is watched. */
  private final class Rounds implements StoreListener {

    private static final Set<RecordKey> OWN = Set.of(HEADER, MARK);

    private volatile CountDownLatch changed = new CountDownLatch(1);
    private long made;

    @Override
    public void changed(Set<RecordKey> keys) {
      changed.countDown();
    }

    @Override
    public void missed() {
      changed.countDown();
    }

    Result run(int rounds, boolean finish) {
      SecretStore.Subscription watching = source.watch(this);
      try {
        boolean inUse = false;
        for (int round = 0; round < rounds; round++) {
          changed = new CountDownLatch(1);
          StoredRecord header = header(source);
          copyDifferences();
          Fingerprint.Taker taker = new Fingerprint.Taker();
          Fingerprint copy = fingerprint(taker, target, OWN);
          boolean same = copy.equals(fingerprint(taker, source, OWN));
          if (same && !finish) {
            return new Result(State.IN_STEP, made, copy.records());
          }
          inUse = !isQuiet();
          if (same && !inUse) {
            putHeader(header);
            return new Result(State.FINISHED, made, copy.records() + 1);
          }
        }
        return behind(inUse, finish);
      } finally {
        watching.close();
      }
    }

    private Result behind(boolean inUse, boolean finish) {
      if (!inUse) {
        throw Refusal.because(
            "what was copied does not read as it was written, though nothing writes to the vault:"
                + " look for the cause, and copy to another place");
      }
      if (finish) {
        throw Refusal.because(
            "the vault is still written to: stop all that uses it, and run this again");
      }
      return new Result(State.BEHIND, made, 0);
    }

    /** Whether nothing was written to the source in this round, and nothing is by now. */
    private boolean isQuiet() {
      try {
        return !changed.await(quiet.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Refusal.because("interrupted: run this again, it goes on where it was");
      }
    }

    private void copyDifferences() {
      CopyBatch changes = new CopyBatch(target, batch);
      Records from = new Records(source, OWN);
      Records to = new Records(target, OWN);
      try (Progress progress = progress("records compared")) {
        StoredRecord wanted = from.next();
        StoredRecord there = to.next();
        while (wanted != null || there != null) {
          int order = wanted == null ? 1 : there == null ? -1 : wanted.key().compareTo(there.key());
          if (there != null && order > 0) {
            changes.delete(there.key(), there.revision());
          } else if (wanted != null && order < 0) {
            changes.put(wanted, 0);
          } else if (wanted != null && there != null && !isSame(wanted, there)) {
            changes.put(wanted, there.revision());
          }
          if (order >= 0) {
            to.advance();
            there = to.next();
          }
          if (order <= 0) {
            from.advance();
            wanted = from.next();
            progress.advanced(0, 1);
          }
        }
        changes.commit();
      } finally {
        made += changes.made();
      }
    }

    private void putHeader(StoredRecord header) {
      StoredRecord mark =
          target.read(MARK).orElseThrow(() -> new RevisionConflictException(MARK, 1, 0));
      target.commit(List.of(Change.copy(header, 0), Change.delete(MARK, mark.revision())));
      made += 2;
    }
  }

  private static boolean isSame(StoredRecord one, StoredRecord other) {
    return one.revision() == other.revision()
        && Objects.equals(one.expiresAt(), other.expiresAt())
        && Arrays.equals(one.bytes(), other.bytes());
  }
}
