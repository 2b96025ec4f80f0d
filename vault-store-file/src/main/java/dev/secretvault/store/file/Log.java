package dev.secretvault.store.file;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The end of a log, where frames are appended.
 *
 * <p>A log is poisoned when it is no longer known what is on disk. After a failed force that is so
 * for good: the system may have dropped what it could not write, and a second force would succeed
 * without it.
 *
 * <p>Appending is for one thread at a time; {@link #checkSound} for all.
 */
final class Log implements Closeable {

  private final DiskFile file;
  private final Path path;
  private long end;
  private volatile @Nullable String poison;

  /** Appends to a file behind its last good frame. */
  Log(DiskFile file, Path path, long end) {
    this.file = file;
    this.path = path;
    this.end = end;
  }

  /** Where the next frame will begin. */
  long end() {
    return end;
  }

  /**
   * Refuses if this log is poisoned.
   *
   * @throws StoreException if it is
   */
  void checkSound() {
    String reason = poison;
    if (reason != null) {
      throw failure("cannot be used any more since " + reason, Outcome.NOT_WRITTEN, false, null);
    }
  }

  /**
   * Appends a frame, and runs {@code publish} when the frame is durable.
   *
   * @throws StoreException if that failed; the outcome tells what is known
   */
  void append(byte[] frame, Runnable publish) {
    checkSound();
    checkUnchanged();
    boolean known = false;
    try {
      try {
        file.writeAt(end, frame);
      } catch (IOException failed) {
        undo(failed);
        known = true;
        throw failure("could not be written", Outcome.NOT_WRITTEN, true, failed);
      }
      force();
      end += frame.length;
      publish.run();
      known = true;
    } finally {
      if (!known && poison == null) {
        poison = "a commit broke off";
      }
    }
  }

  /** Somebody else at work here would make two frames overlap. */
  private void checkUnchanged() {
    long size;
    try {
      size = file.size();
    } catch (IOException failed) {
      throw failure("could not be looked at", Outcome.NOT_WRITTEN, true, failed);
    }
    if (size != end) {
      poison = "another program changed it";
      checkSound();
    }
  }

  private void undo(IOException failed) {
    try {
      file.truncate(end);
      file.sync();
    } catch (IOException again) {
      failed.addSuppressed(again);
      poison = "a write failed and could not be undone";
      throw failure("could not be written", Outcome.UNKNOWN, false, failed);
    }
  }

  private void force() {
    try {
      file.sync();
      if (file.isNamed()) {
        return;
      }
    } catch (IOException failed) {
      poison = "a force failed";
      throw failure("could not be forced", Outcome.UNKNOWN, false, failed);
    }
    // To write and force a removed file succeeds, and leaves nothing to open again.
    poison = "it was removed or replaced";
    throw failure("was removed or replaced", Outcome.UNKNOWN, false, null);
  }

  private StoreException failure(
      String what, Outcome outcome, boolean retryable, @Nullable IOException cause) {
    return new StoreException(
        path
            + " "
            + what
            + (cause == null ? "" : " (" + cause.getMessage() + ")")
            + (retryable ? "" : "; close the store and open it again"),
        outcome,
        retryable,
        cause);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
