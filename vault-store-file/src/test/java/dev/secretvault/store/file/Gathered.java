package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A store whose first commit is held in its force, until all others that a test wants to happen
 * together wait for it.
 */
final class Gathered implements Hook {

  private final FileSecretStore store;
  private final Thread first;
  private final List<Thread> others = new ArrayList<>();
  private final Map<Integer, Throwable> failures = new ConcurrentHashMap<>();
  private final Map<Call, Integer> calls = new EnumMap<>(Call.class);
  private final Map<Call, Runnable> actions = new EnumMap<>(Call.class);
  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /** Whether the first commit is behind us, so that faults hit the others. */
  private volatile boolean gathering;

  private Call failing = Call.LIST;
  private int failingFrom = Integer.MAX_VALUE;
  private int failingTo;

  private Gathered(SimulatedDisk disk, Consumer<FileSecretStore> preparation) {
    store = Records.open(new HookedDisk(disk, this));
    preparation.accept(store);
    gathering = true;
    first = new Thread(() -> Records.commit(store, Records.put("0", 0, "")), "first");
    first.start();
    try {
      held.await();
    } catch (InterruptedException unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  static Gathered on(SimulatedDisk disk) {
    return on(disk, store -> {});
  }

  static Gathered on(SimulatedDisk disk, Consumer<FileSecretStore> preparation) {
    return new Gathered(disk, preparation);
  }

  FileSecretStore store() {
    return store;
  }

  /** Starts a commit, and returns when it waits. */
  void add(Change... changes) {
    int number = others.size();
    Thread thread =
        new Thread(
            () -> {
              try {
                Records.commit(store, changes);
              } catch (Throwable failed) {
                failures.put(number, failed);
              }
            },
            "commit " + number);
    others.add(thread);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.onSpinWait();
    }
  }

  /** How many of the commits that were added have returned or thrown. */
  long settled() {
    return others.stream().filter(thread -> !thread.isAlive()).count();
  }

  synchronized int count(Call call) {
    return calls.getOrDefault(call, 0);
  }

  /** Runs something before each call of a kind, from the release on. */
  synchronized void atEach(Call call, Runnable action) {
    actions.put(call, action);
  }

  void failNext(Call call) {
    fail(call, 1, false);
  }

  /** Fails the n-th call of a kind, and if for good all later ones, counted from the release on. */
  synchronized void fail(Call call, int nth, boolean forGood) {
    failing = call;
    failingFrom = nth;
    failingTo = forGood ? Integer.MAX_VALUE : nth;
  }

  /** Lets the first commit go on, and waits for all. */
  void release(Thread... more) {
    released.countDown();
    try {
      first.join();
      for (Thread thread : more) {
        thread.start();
        thread.join();
      }
      for (Thread thread : others) {
        thread.join();
      }
    } catch (InterruptedException unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  /** What the commits threw, by the order in which they were added. */
  Map<Integer, Throwable> failures() {
    return new TreeMap<>(failures);
  }

  void close() {
    store.close();
  }

  @Override
  public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
    if (gathering && Thread.currentThread() == first) {
      T result = operation.run();
      if (call == Call.SYNC && held.getCount() > 0) {
        held.countDown();
        try {
          released.await();
        } catch (InterruptedException unexpected) {
          throw new AssertionError(unexpected);
        }
      }
      return result;
    }
    if (gathering && released.getCount() == 0) {
      Runnable action;
      synchronized (this) {
        int number = calls.merge(call, 1, Integer::sum);
        if (call == failing && number >= failingFrom && number <= failingTo) {
          throw new IOException("Input/output error");
        }
        action = actions.get(call);
      }
      if (action != null) {
        action.run();
      }
    }
    return operation.run();
  }
}
