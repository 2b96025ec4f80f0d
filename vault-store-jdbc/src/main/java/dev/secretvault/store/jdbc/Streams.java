package dev.secretvault.store.jdbc;

import java.security.SecureRandom;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/** The streams of one store that nobody commits on at the moment, each at its last step. */
final class Streams {

  private final SecureRandom random = new SecureRandom();
  private final Deque<Position> idle = new ConcurrentLinkedDeque<>();

  /** The last step of a stream that belongs to the caller until it gives it back, or for good. */
  Position take() {
    Position last = idle.pollFirst();
    return last == null ? new Position(random.nextLong(), 0) : last;
  }

  /** Of a stream whose last step has an outcome that is known. */
  void giveBack(Position last) {
    idle.addFirst(last);
  }
}
