package dev.secretvault;

import java.util.Objects;
import java.util.Optional;

/** An anchor in the heap, which fails when a test says so. */
final class MemoryAnchor implements FreshnessAnchor {

  /** Whether it cannot be asked. */
  volatile boolean unreadable;

  /** Whether it notes nothing. */
  volatile boolean unwritable;

  /** Whether it fails once it has noted. */
  volatile boolean silent;

  private Mark noted;

  @Override
  public synchronized Optional<Mark> read() {
    if (unreadable) {
      throw new UnsupportedOperationException("the anchor cannot be reached");
    }
    return Optional.ofNullable(noted);
  }

  @Override
  public synchronized boolean advance(Mark before, Mark next) {
    if (unwritable) {
      throw new UnsupportedOperationException("the anchor cannot be reached");
    }
    if (Objects.equals(noted, before)) {
      noted = next;
    }
    if (silent) {
      throw new UnsupportedOperationException("the anchor does not answer");
    }
    return noted.equals(next);
  }

  long counter() {
    return read().map(Mark::counter).orElse(0L);
  }
}
