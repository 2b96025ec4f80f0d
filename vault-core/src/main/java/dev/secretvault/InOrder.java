package dev.secretvault;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Works on a stream with as many threads as there are cores, and hands the results over in order.
 * The threads end with the call. Holds a few blocks at a time, however long the stream is.
 */
final class InOrder {

  /** Large enough that handing a block over costs nothing beside the work in it. */
  static final int BLOCK = 1_024;

  private InOrder() {}

  /** What came of a block: the results before the first failure, and that. */
  private record Done<B>(List<B> results, @Nullable Throwable failure) {}

  /**
   * Works on each element.
   *
   * @param in closed afterwards
   * @param work if it fails, this throws the same behind the results before that
   * @param sink called in the calling thread
   * @return how many there were
   * @throws CancellationException if the calling thread was interrupted, and it stays so; asked
   *     before each block
   */
  static <A, B> long map(Stream<A> in, Function<A, B> work, Consumer<B> sink) {
    int cores = Runtime.getRuntime().availableProcessors();
    List<Thread> threads = new CopyOnWriteArrayList<>();
    ExecutorService workers = Executors.newFixedThreadPool(cores, task -> daemon(task, threads));
    try (in) {
      Iterator<A> rest = in.iterator();
      Deque<Future<Done<B>>> pending = new ArrayDeque<>();
      long count = 0;
      while (rest.hasNext() || !pending.isEmpty()) {
        if (rest.hasNext()) {
          List<A> block = block(rest);
          pending.add(workers.submit(() -> work(block, work)));
        }
        // One block more than can be worked on at once, so that no core waits for this thread.
        if (!rest.hasNext() || pending.size() > cores) {
          Done<B> done = await(pending.remove());
          done.results().forEach(sink);
          count += done.results().size();
          rethrow(done.failure());
        }
      }
      return count;
    } finally {
      workers.shutdownNow();
      join(threads);
    }
  }

  private static <A> List<A> block(Iterator<A> rest) {
    List<A> block = new ArrayList<>(BLOCK);
    while (block.size() < BLOCK && rest.hasNext()) {
      block.add(rest.next());
    }
    return block;
  }

  private static <A, B> Done<B> work(List<A> block, Function<A, B> work) {
    List<B> results = new ArrayList<>(block.size());
    for (A each : block) {
      try {
        results.add(work.apply(each));
      } catch (RuntimeException | Error e) {
        return new Done<>(results, e);
      }
    }
    return new Done<>(results, null);
  }

  private static void rethrow(@Nullable Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private static <B> Done<B> await(Future<Done<B>> pending) {
    try {
      if (Thread.interrupted()) { // Which the future does not ask once it is done.
        throw new InterruptedException();
      }
      return pending.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }

  /** Waits, so that nobody works on when the call has ended. */
  private static void join(List<Thread> threads) {
    boolean interrupted = Thread.interrupted();
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread daemon(Runnable task, List<Thread> threads) {
    Thread thread = new Thread(task, "secretvault-digests");
    thread.setDaemon(true);
    threads.add(thread);
    return thread;
  }
}
