package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.StoreCorruptException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads values from a log for many threads at once: a file has one position, so each of a few open
 * files serves one thread at a time.
 */
final class Values implements Closeable {

  private static final int LANES = 8;

  private final Path path;
  private final List<Lane> lanes = new ArrayList<>();

  Values(Disk disk, String log) throws IOException {
    this.path = disk.path().resolve(log);
    try {
      for (int i = 0; i < LANES; i++) {
        lanes.add(new Lane(disk.open(log)));
      }
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  /**
   * The value of a record, null if it is not there: then it was erased or moved meanwhile, or is
   * damaged.
   *
   * @throws StoreCorruptException if its text is no text that a value can have
   */
  byte @Nullable [] read(Index.Entry entry) throws IOException {
    byte[] text = new byte[entry.length()];
    Lane lane = take();
    int count;
    try {
      count = lane.read(entry.offset(), text);
    } finally {
      lane.lock.unlock();
    }
    if (count < text.length || Checksum.of(text, 0, text.length) != entry.checksum()) {
      return null;
    }
    return decode(text, entry.offset());
  }

  /** The byte at an offset of the log, negative if the log ends before it. */
  int byteAt(long position) throws IOException {
    byte[] one = new byte[1];
    Lane lane = take();
    try {
      return lane.read(position, one) == 1 ? one[0] & 0xff : -1;
    } finally {
      lane.lock.unlock();
    }
  }

  private Lane take() {
    int first = (int) Thread.currentThread().getId() & Integer.MAX_VALUE;
    for (int i = 0; i < LANES; i++) {
      Lane lane = lanes.get((first + i) % LANES);
      if (lane.lock.tryLock()) {
        return lane;
      }
    }
    Lane lane = lanes.get(first % LANES);
    lane.lock.lock();
    return lane;
  }

  private byte[] decode(byte[] text, long offset) {
    byte[] value;
    try {
      value = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException bad) {
      throw notBase64(offset);
    }
    if (value.length > Change.MAX_BYTES || !isCanonical(text, value)) {
      throw notBase64(offset);
    }
    return value;
  }

  private StoreCorruptException notBase64(long offset) {
    return LogReader.corrupt(path, offset, "the value there is not base64");
  }

  /** The JDK ignores the bits that the last character has too many. */
  private static boolean isCanonical(byte[] text, byte[] value) {
    int rest = value.length % 3;
    byte[] last = Arrays.copyOfRange(value, value.length - rest, value.length);
    byte[] end = Base64.getEncoder().encode(last);
    return Arrays.equals(text, text.length - end.length, text.length, end, 0, end.length);
  }

  @Override
  public void close() throws IOException {
    for (Lane lane : lanes) {
      lane.close();
    }
  }

  private static final class Lane {
    private final ReentrantLock lock = new ReentrantLock();
    private final DiskFile file;
    private boolean closed;

    Lane(DiskFile file) {
      this.file = file;
    }

    int read(long position, byte[] text) throws IOException {
      if (closed) {
        return 0;
      }
      return file.readAt(position, text, 0, text.length);
    }

    void close() throws IOException {
      lock.lock();
      try {
        closed = true;
        file.close();
      } finally {
        lock.unlock();
      }
    }
  }
}
