package dev.secretvault.store.file;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Looks again and again, in a thread of its own, from the first start until it is stopped. */
final class Poller {

  private static final long MILLISECONDS = 200;

  private final Runnable look;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Thread thread;

  Poller(Runnable look) {
    this.look = look;
  }

  /** Starts, unless it runs or was stopped. */
  synchronized void start() {
    if (thread == null) {
      Thread started = new Thread(this::run, "secretvault-store-file");
      started.setDaemon(true);
      started.start();
      thread = started;
    }
  }

  private void run() {
    try {
      while (!stopped.await(MILLISECONDS, TimeUnit.MILLISECONDS)) {
        look.run();
      }
    } catch (InterruptedException nobodyKnowsThisThread) {
      throw new AssertionError(nobodyKnowsThisThread);
    }
  }

  /** When this returns, nobody looks any more. */
  void stop() {
    stopped.countDown();
    Thread running;
    synchronized (this) {
      running = thread;
    }
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
