package dev.secretvault.store.file;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Lets threads that commit at the same time share one write and one force: whoever comes first
 * leads, and writes for all that wait by then. Who comes meanwhile waits, and the first of those
 * leads next.
 *
 * <p>The leader is always the one that waits longest, so its own commit is among those it writes,
 * and nobody leads twice.
 */
final class CommitQueue {

  private final Consumer<List<Commit>> writer;
  private final Deque<Commit> waiting = new ArrayDeque<>();

  /**
   * A queue in front of a writer.
   *
   * @param writer settles the first of the commits it is given, and as many as it likes of those
   *     that follow it; called by one thread at a time. What it throws, all of them come to
   */
  CommitQueue(Consumer<List<Commit>> writer) {
    this.writer = writer;
  }

  /** Sees to it that a commit is settled, and returns or throws what it came to. */
  void run(Commit commit) {
    boolean first;
    synchronized (waiting) {
      first = waiting.isEmpty();
      waiting.add(commit);
    }
    if (!first) {
      commit.await();
    }
    if (!commit.isSettled()) {
      lead();
    }
    commit.conclude();
  }

  private void lead() {
    List<Commit> present;
    synchronized (waiting) {
      present = List.copyOf(waiting);
    }
    try {
      writer.accept(present);
    } catch (RuntimeException | Error failed) {
      present.stream().filter(commit -> !commit.isSettled()).forEach(c -> c.settle(failed));
      throw failed;
    } finally {
      handOver();
    }
  }

  private void handOver() {
    synchronized (waiting) {
      while (!waiting.isEmpty() && waiting.element().isSettled()) {
        waiting.remove();
      }
      if (!waiting.isEmpty()) {
        waiting.element().lead();
      }
    }
  }
}
