package dev.secretvault.store.file;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of a log, where frames are appended.
 *
 * <p>A log is poisoned when it is no longer known what is on disk. After a failed force that is so
 * for good: the system may have dropped what it could not write, and a second force would succeed
 * without it.
 *
 * <p>Writing is for whoever has the directory to itself; {@link #checkSound} and {@link #isBehind}
 * are for all.
 */
final class Log implements Closeable {

  private static final byte[] DASHES = new byte[1 << 16];

  static {
    Arrays.fill(DASHES, (byte) '-');
  }

  private final DiskFile file;
  private final Values values;
  private final Path path;

  /** Where the last frame ends that was entered into the index. */
  private volatile long end;

  /** Where the frame ends that is being appended here, if one is. */
  private volatile long reach;

  private volatile @Nullable String poison;

  /**
   * A log whose end is not known yet.
   *
   * @param values reads the same file for any thread
   */
  Log(DiskFile file, Values values, Path path) {
    this.file = file;
    this.values = values;
    this.path = path;
  }

  /** Where the next frame will begin. */
  long end() {
    return end;
  }

  /** Notes that all frames up to there are in the index. */
  void advance(long to) {
    reach = to;
    end = to;
  }

  /** Whether somebody else has written, or this log is no longer the newest one. */
  boolean isBehind() throws IOException {
    while (true) {
      long before = end;
      long at = reach;
      int next = values.byteAt(at);
      if (next <= 0) {
        return next < 0 && isCutBefore(before);
      }
      // What this process appends is nobody else's.
      if (at == reach) {
        return true;
      }
    }
  }

  /** Whether a frame ends at an offset, and nothing but free space is behind it. */
  boolean endsAt(long offset) throws IOException {
    if (offset - end > SharedLog.NEAR && offset > file.size()) {
      // No system reads where no file of it can be.
      return false;
    }
    return values.byteAt(offset) <= 0 && values.byteAt(offset - 1) == '\n';
  }

  /** Whether others have written more than so much, or this log is no longer the newest one. */
  boolean isBehindBy(long length) throws IOException {
    long before = end;
    int next = values.byteAt(before + length);
    return next > 0 || (next < 0 && isCutBefore(before));
  }

  /** By a read: to ask for the length makes the next force as slow as if that had changed. */
  private boolean isCutBefore(long offset) throws IOException {
    return values.byteAt(offset - 1) < 0;
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

  /** Refuses everything from now on. */
  void poison(String reason) {
    if (poison == null) {
      poison = reason;
    }
  }

  /**
   * Appends a frame, and runs {@code publish} when the frame is durable.
   *
   * @throws StoreException if that failed; the outcome tells what is known
   */
  void append(byte[] frame, Runnable publish) {
    checkSound();
    boolean known = false;
    try {
      try {
        write(frame);
        force(frame);
      } catch (StoreException failed) {
        known = true;
        throw failed;
      }
      publish.run();
      advance(end + frame.length);
      known = true;
    } finally {
      if (!known) {
        poison("a commit broke off");
      }
    }
  }

  private void write(byte[] frame) {
    try {
      reach = end + frame.length;
      boolean fits = file.readAt(reach - 1, new byte[1], 0, 1) > 0;
      file.writeAt(end, frame);
      if (!fits) {
        lengthen();
      }
    } catch (IOException failed) {
      undo(failed);
      throw failure("could not be written", Outcome.NOT_WRITTEN, true, failed);
    }
  }

  /** Adds free space, which is forced with the frame before it. */
  private void lengthen() {
    int free = FreeSpace.lengthBehind(reach);
    if (free > 0) {
      try {
        file.writeAt(reach, new byte[free]);
      } catch (IOException noRoom) {
        // What was written of it will do, be it nothing.
      }
    }
  }

  private void undo(IOException failed) {
    try {
      file.truncate(end);
      file.sync();
      reach = end;
    } catch (IOException again) {
      failed.addSuppressed(again);
      poison("a write failed and could not be undone");
      throw failure("could not be written", Outcome.UNKNOWN, false, failed);
    }
  }

  private void force(byte[] frame) {
    try {
      file.sync();
      if (file.isNamed(end, frame)) {
        return;
      }
    } catch (IOException failed) {
      poison("a force failed");
      throw failure("could not be forced", Outcome.UNKNOWN, false, failed);
    }
    // To write and force a removed file succeeds, and leaves nothing to open again.
    poison("it was removed or replaced");
    throw failure("was removed or replaced", Outcome.UNKNOWN, false, null);
  }

  /** Overwrites the texts of values that no record has any more, durably. */
  void erase(List<Index.Entry> gone) throws IOException {
    if (overwrite(file, gone)) {
      file.sync();
    }
  }

  /** Overwrites the texts of entries; returns whether there were any. */
  static boolean overwrite(DiskFile file, List<Index.Entry> gone) throws IOException {
    boolean any = false;
    for (Index.Entry entry : gone) {
      for (int done = 0; done < entry.length(); done += DASHES.length) {
        int count = Math.min(DASHES.length, entry.length() - done);
        file.writeAt(entry.offset() + done, Arrays.copyOf(DASHES, count));
        any = true;
      }
    }
    return any;
  }

  /** A failure of this log, to be thrown. */
  StoreException failure(
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
