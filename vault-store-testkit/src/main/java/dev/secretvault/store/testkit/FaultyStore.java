package dev.secretvault.store.testkit;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that fails when a test says so, and otherwise is the store it wraps.
 *
 * <pre>{@code
 * var store = new FaultyStore(new InMemorySecretStore());
 * store.nth(Call.COMMIT, 2).fails(Fault.UNKNOWN_WRITTEN);        // the second commit from now
 * store.from(Call.READ, 1).fails(Fault.NOT_WRITTEN).forGood();   // every read from now on
 * store.nth(Call.COMMIT, 3).before(() -> rival.commit(changes)); // a race, won by the rival
 * }</pre>
 *
 * <p>A call that fails with nothing written does not reach the wrapped store, so neither its
 * arguments are checked nor whether the store is closed. If several plans meet in one call, their
 * hooks run in the order in which the plans were made, and the fault planned first is thrown.
 *
 * <p>Thread-safe; with several threads, the n-th call is the n-th that began.
 */
public final class FaultyStore implements SecretStore {

  /** The calls that can be made to fail. */
  public enum Call {
    /** {@link SecretStore#read}. */
    READ,
    /** {@link SecretStore#commit}. */
    COMMIT,
    /** {@link SecretStore#scan}. */
    SCAN,
    /** {@link SecretStore#expired}. */
    EXPIRED,
    /** {@link SecretStore#watch}. */
    WATCH
  }

  /** The ways to fail. */
  public enum Fault {
    /** Fails before anything is written, and says so: {@link Outcome#NOT_WRITTEN}. */
    NOT_WRITTEN,
    /** Says {@link Outcome#UNKNOWN}; nothing was written. Of commits only. */
    UNKNOWN_NOT_WRITTEN,
    /**
     * Says {@link Outcome#UNKNOWN}; all was written. Of commits only. A commit that the wrapped
     * store refuses is refused as ever.
     */
    UNKNOWN_WRITTEN
  }

  private final SecretStore store;
  private final List<Plan> plans = new ArrayList<>();
  private final Map<Call, Integer> calls = new EnumMap<>(Call.class);
  private final ThreadLocal<Boolean> insideHook = ThreadLocal.withInitial(() -> false);

  /**
   * Wraps a store.
   *
   * @param store what to call; closed together with this one
   */
  public FaultyStore(SecretStore store) {
    this.store = Objects.requireNonNull(store, "store");
  }

  /**
   * Plans something for one call.
   *
   * @param call which kind of call
   * @param n how many calls of that kind from now, 1 is the next
   * @return the plan, which does nothing until told what
   * @throws IllegalArgumentException if {@code n} is below 1
   */
  public Plan nth(Call call, int n) {
    return plan(call, n, false);
  }

  /**
   * Plans something for one call and all calls behind it.
   *
   * @param call which kind of call
   * @param n how many calls of that kind from now, 1 is the next
   * @return the plan, which does nothing until told what
   * @throws IllegalArgumentException if {@code n} is below 1
   */
  public Plan from(Call call, int n) {
    return plan(call, n, true);
  }

  private synchronized Plan plan(Call call, int n, boolean lasting) {
    Objects.requireNonNull(call, "call");
    if (n < 1) {
      throw new IllegalArgumentException("n: at least 1, but was " + n);
    }
    Plan plan = new Plan(call, calls(call) + n, lasting);
    plans.add(plan);
    return plan;
  }

  /** Forgets all plans. */
  public synchronized void heal() {
    plans.clear();
  }

  /**
   * Counts calls, those that failed too.
   *
   * @param call which kind of call
   * @return how many there were since the store was wrapped, without those made by hooks
   */
  public synchronized int calls(Call call) {
    return calls.getOrDefault(call, 0);
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return perform(Call.READ, () -> store.read(key));
  }

  @Override
  public void commit(List<Change> changes) {
    perform(
        Call.COMMIT,
        () -> {
          store.commit(changes);
          return true;
        });
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    return perform(Call.SCAN, () -> store.scan(after, limit));
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    return perform(Call.EXPIRED, () -> store.expired(now, after, limit));
  }

  @Override
  public Subscription watch(StoreListener listener) {
    return perform(Call.WATCH, () -> store.watch(listener));
  }

  @Override
  public void close() {
    store.close();
  }

  private <T> T perform(Call call, Supplier<T> onStore) {
    if (insideHook.get()) {
      return onStore.get();
    }
    List<Step> steps = begin(call);
    steps.forEach(step -> runHook(step.before()));
    Step failing = steps.stream().filter(step -> step.fault() != null).findFirst().orElse(null);
    if (failing != null && failing.fault() != Fault.UNKNOWN_WRITTEN) {
      throw failing.exception(call);
    }
    T result = onStore.get();
    steps.forEach(step -> runHook(step.after()));
    if (failing != null) {
      throw failing.exception(call);
    }
    return result;
  }

  private synchronized List<Step> begin(Call call) {
    int number = calls.merge(call, 1, Integer::sum);
    return plans.stream().filter(plan -> plan.meets(call, number)).map(plan -> plan.step).toList();
  }

  private void runHook(@Nullable Runnable hook) {
    if (hook == null) {
      return;
    }
    insideHook.set(true);
    try {
      hook.run();
    } finally {
      insideHook.remove();
    }
  }

  /** What happens in a call; immutable, so that a call under way keeps the step it began with. */
  private record Step(
      @Nullable Runnable before,
      @Nullable Runnable after,
      @Nullable Fault fault,
      boolean retryable) {

    StoreException exception(Call call) {
      Outcome outcome = fault == Fault.NOT_WRITTEN ? Outcome.NOT_WRITTEN : Outcome.UNKNOWN;
      return new StoreException(
          "faulty store: " + call + " fails as planned", outcome, retryable, null);
    }
  }

  /** What is to happen in a call, or from a call on. Its methods may be combined. */
  public final class Plan {
    private final Call call;
    private final int number;
    private final boolean lasting;
    private Step step = new Step(null, null, null, true);

    private Plan(Call call, int number, boolean lasting) {
      this.call = call;
      this.number = number;
      this.lasting = lasting;
    }

    private boolean meets(Call other, int otherNumber) {
      return call == other && (lasting ? otherNumber >= number : otherNumber == number);
    }

    /**
     * Makes the call fail with a {@link StoreException} that is {@linkplain
     * StoreException#retryable retryable} unless {@link #forGood} is called too.
     *
     * @param fault how
     * @return this plan
     * @throws IllegalArgumentException if the fault is one of commits only, and the call is none
     */
    public Plan fails(Fault fault) {
      Objects.requireNonNull(fault, "fault");
      if (fault != Fault.NOT_WRITTEN && call != Call.COMMIT) {
        throw new IllegalArgumentException("fault: " + fault + " is for commits, not for " + call);
      }
      synchronized (FaultyStore.this) {
        step = new Step(step.before, step.after, fault, step.retryable);
      }
      return this;
    }

    /**
     * Makes the failure say that trying again is pointless. Whether later calls fail is a matter of
     * {@link FaultyStore#from}.
     *
     * @return this plan
     */
    public Plan forGood() {
      synchronized (FaultyStore.this) {
        step = new Step(step.before, step.after, step.fault, false);
      }
      return this;
    }

    /**
     * Runs something at the beginning of the call, on its thread. What it throws, the call throws.
     *
     * @param hook what to run; its own calls of this store are neither counted nor planned for
     * @return this plan
     */
    public Plan before(Runnable hook) {
      Objects.requireNonNull(hook, "hook");
      synchronized (FaultyStore.this) {
        step = new Step(hook, step.after, step.fault, step.retryable);
      }
      return this;
    }

    /**
     * Runs something after the wrapped store has done its work, on the thread of the call. Does not
     * run if that threw, or was not called.
     *
     * @param hook what to run; its own calls of this store are neither counted nor planned for
     * @return this plan
     */
    public Plan after(Runnable hook) {
      Objects.requireNonNull(hook, "hook");
      synchronized (FaultyStore.this) {
        step = new Step(step.before, hook, step.fault, step.retryable);
      }
      return this;
    }
  }
}
