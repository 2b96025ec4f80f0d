package dev.secretvault.cli;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Makes a store hold what another one holds, whose vault may be in use meanwhile. Opens no record
 * and needs no key.
 *
 * <p>A vault of which there are two gives out twice what is to be given out once. So the copy has
 * no header, without which nothing opens, until it is {@linkplain #finish finished}; and before it
 * gets one the {@linkplain CopySource#fence vault loses its own}. In between no record of either
 * changes, but by the copying.
 *
 * <p>What is to be done is found by comparing, so a copy that was broken off goes on.
 */
final class VaultCopy {

  /** How often all is compared for a vault that is in use, and stays so. */
  private static final int ROUNDS = 2;

  /** What is not copied as any record is. */
  private static final Set<RecordKey> OWN =
      Set.of(CopySource.HEADER, CopySource.MOVED, CopyTarget.MARK);

  private final SecretStore source;
  private final SecretStore target;
  private final int batch;
  private final Streams streams;

  private long made;
  private long verified;

  /**
   * Names the stores.
   *
   * @param batch how many changes a commit may have
   */
  VaultCopy(SecretStore source, SecretStore target, int batch, Streams streams) {
    this.source = source;
    this.target = target;
    this.batch = batch;
    this.streams = streams;
  }

  /** How far a copy is. */
  enum State {
    /** Its records are as they were at different moments. */
    BEHIND(Main.REFUSED),
    /** It holds what the vault holds. */
    IN_STEP(Main.DONE),
    /** It is the vault. */
    FINISHED(Main.DONE);

    private final int exitCode;

    State(int exitCode) {
      this.exitCode = exitCode;
    }

    int exitCode() {
      return exitCode;
    }
  }

  /**
   * What came of it.
   *
   * @param made how many records were put and deleted
   * @param records how many the copy holds, if that was verified
   */
  record Result(State state, long made, long records) {

    /** The same, with what an earlier run did. */
    Result after(Result earlier) {
      return new Result(state, earlier.made + made, records);
    }
  }

  /**
   * Brings the copy in step with a vault that may be in use.
   *
   * @throws Refusal if the one is no vault or the other no copy of it
   */
  Result copy() {
    return copyOr(
        from -> {
          requireOpen(from);
          boolean inStep = bringInStep(CopyTarget.take(target, from));
          // By a run to finish, which this one has taken the copy from.
          requireOpen(CopySource.of(source));
          return new Result(inStep ? State.IN_STEP : State.BEHIND, made, inStep ? verified : 0);
        });
  }

  private static void requireOpen(CopySource from) {
    if (from.isFenced()) {
      throw Refusal.because(
          "the vault is being moved, and closed for good if that is done: run this again with"
              + " --finish to go on, or with --undo to go back");
    }
  }

  /**
   * Fences the vault, and makes the copy the vault.
   *
   * @throws Refusal also if the vault is in use
   */
  Result finish() {
    return copyOr(
        from -> {
          CopyTarget copy = CopyTarget.take(target, from);
          if (!from.isFenced() && !bringInStep(copy)) {
            throw Refusal.because(
                "the copy differs from the vault: stop all that uses the vault, and run this again;"
                    + " if nothing uses it, look for the cause, and copy to another place");
          }
          streams
              .out()
              .println(
                  "closing the vault; if this breaks off, run it again, or with --undo to go back");
          CopySource fenced = from.fence(copy);
          copyDifferences(copy);
          if (!isVerified()) {
            throw Refusal.because(
                "what was copied does not read as it was written: run this again with --undo, look"
                    + " for the cause, and copy to another place");
          }
          copy.finish(fenced.header());
          made++;
          verified++;
          return new Result(State.FINISHED, made, verified);
        });
  }

  /**
   * Reads from a finished copy, opened anew, what nothing opens without.
   *
   * @throws Refusal if it is not the vault's
   */
  static void requireHeader(SecretStore source, SecretStore copy) {
    StoredRecord header = CopySource.of(source).header();
    if (!copy.read(CopySource.HEADER).filter(there -> isSame(header, there)).isPresent()) {
      throw Refusal.because(
          "the copy's header does not read as it was written: if nothing has used the copy since,"
              + " remove it, look for the cause, and run this again with --undo and without --to");
    }
  }

  /**
   * Opens a vault again that was fenced for a copy, which is not finished.
   *
   * @param copy where that is; empty if it is lost, and will never be a vault
   * @throws Refusal if it is a vault, or another copy than the vault was fenced for
   */
  static void undo(SecretStore source, Optional<SecretStore> copy) {
    retryable(
        () -> {
          CopySource from = CopySource.of(source);
          if (!from.isFenced()) {
            throw Refusal.because("the vault is not closed: there is nothing to undo");
          }
          // In this order: whoever was about to finish the copy cannot do so any more.
          copy.ifPresent(
              store -> {
                Optional<StoredRecord> vault = store.read(CopySource.HEADER);
                if (vault.isPresent()) {
                  from.requireSameVault(vault.get());
                  throw Refusal.because(
                      "the copy is the vault now: to go back, copy it to an empty place");
                }
                CopyTarget.take(store, from);
              });
          from.open();
          return from;
        });
  }

  /** Copies, unless there is a vault to copy to. */
  private Result copyOr(Function<CopySource, Result> copying) {
    made = 0;
    return retryable(
        () -> {
          CopySource from = CopySource.of(source);
          Optional<StoredRecord> vault = target.read(CopySource.HEADER);
          return vault.isPresent() ? compare(from, vault.get()) : copying.apply(from);
        });
  }

  private static <T> T retryable(Supplier<T> run) {
    try {
      return run.get();
    } catch (RevisionConflictException changedByAnother) {
      throw Refusal.because(
          "somebody else writes to the copy, or changes the vault's keys: see that nobody does, and"
              + " run this again");
    }
  }

  /** Says whether a vault is the finished copy, and changes nothing. */
  private Result compare(CopySource from, StoredRecord vault) {
    // A vault that is in use has no finished copy; this one may even be itself, by another name.
    if (!from.isFenced()) {
      throw Refusal.because("there is a vault already: name an empty place to copy to");
    }
    from.requireSameVault(vault);
    if (!isSame(from.header(), vault) || !isVerified()) {
      throw Refusal.because(
          "there is the finished copy, and it has been used since: nothing was changed; never use"
              + " again what was copied from");
    }
    return new Result(State.FINISHED, 0, verified + 1);
  }

  /** False if the vault was written to all the while. */
  private boolean bringInStep(CopyTarget copy) {
    for (int round = 0; round < ROUNDS; round++) {
      copyDifferences(copy);
      if (isVerified()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the stores hold the same, but for what is their own. */
  private boolean isVerified() {
    Fingerprint.Taker taker = new Fingerprint.Taker();
    Fingerprint copy = fingerprint(taker, target);
    verified = copy.records();
    return copy.equals(fingerprint(taker, source));
  }

  private Fingerprint fingerprint(Fingerprint.Taker taker, SecretStore store) {
    try (Progress progress = progress("records verified")) {
      return taker.of(new Records(store, OWN), progress);
    }
  }

  private Progress progress(String what) {
    return new Progress(streams, Progress.UNKNOWN, what, System::nanoTime);
  }

  private void copyDifferences(CopyTarget copy) {
    CopyBatch changes = new CopyBatch(target, copy.requirements(), batch);
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

  private static boolean isSame(StoredRecord one, StoredRecord other) {
    return one.revision() == other.revision()
        && Objects.equals(one.expiresAt(), other.expiresAt())
        && Arrays.equals(one.bytes(), other.bytes());
  }
}
