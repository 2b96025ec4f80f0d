package dev.secretvault.store.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Threads that start together. The first failure among them is the failure of the test; how long
 * they may take is up to the test's own timeout.
 */
final class Race {

  private final CountDownLatch start = new CountDownLatch(1);
  private final List<FutureTask<Void>> runners = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /** What a runner does; {@code number} counts the runners of one call of {@link #add} from 0. */
  interface Runner {
    void run(int number) throws Exception;
  }

  /** Runs that many threads through {@code runner} and waits for all of them. */
  static void of(int count, Runner runner) throws InterruptedException {
    new Race().add(count, runner).run();
  }

  Race add(int count, Runner runner) {
    for (int i = 0; i < count; i++) {
      int number = i;
      FutureTask<Void> task =
          new FutureTask<>(
              () -> {
                start.await();
                runner.run(number);
                return null;
              });
      Thread thread = new Thread(task, "race-" + runners.size());
      // A store that hangs must not keep the test JVM from ending.
      thread.setDaemon(true);
      thread.start();
      runners.add(task);
      threads.add(thread);
    }
    return this;
  }

  void run() throws InterruptedException {
    start.countDown();
    AssertionError failure = null;
    for (FutureTask<Void> runner : runners) {
      try {
        runner.get();
      } catch (ExecutionException e) {
        if (failure == null) {
          failure =
              new AssertionError("a thread of the race failed: " + e.getCause(), e.getCause());
        } else {
          failure.addSuppressed(e.getCause());
        }
      } catch (InterruptedException timeout) {
        threads.forEach(Thread::interrupt);
        throw timeout;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
