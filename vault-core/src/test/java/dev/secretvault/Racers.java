package dev.secretvault;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Threads that start at once and must all come through. */
final class Racers {

  private Racers() {}

  /** What each thread does. */
  interface Race {
    void run(int racer) throws Exception;
  }

  static void run(int racers, Race race) {
    ExecutorService threads = Executors.newFixedThreadPool(racers);
    CountDownLatch start = new CountDownLatch(1);
    try {
      List<Future<?>> runs = new ArrayList<>();
      for (int i = 0; i < racers; i++) {
        int racer = i;
        runs.add(
            threads.submit(
                () -> {
                  start.await();
                  race.run(racer);
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> run : runs) {
        run.get(5, TimeUnit.MINUTES);
      }
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("a racer failed", e);
    } finally {
      threads.shutdownNow();
    }
  }
}
