package dev.secretvault.store.file;

import java.io.Closeable;
import java.io.IOException;

/** An open file of a {@link Disk}. Not thread-safe, but for {@link #size} and {@link #sync}. */
interface DiskFile extends Closeable {

  /** How long the file is now. */
  long size() throws IOException;

  /**
   * Reads {@code length} bytes, fewer only if the file ends before.
   *
   * @return how many were read
   */
  int readAt(long position, byte[] buffer, int offset, int length) throws IOException;

  /** Writes all bytes, with one call of the system where that is possible. */
  void writeAt(long position, byte[] bytes) throws IOException;

  /** Makes the file shorter. */
  void truncate(long size) throws IOException;

  /** Makes what was written so far outlast a loss of power. */
  void sync() throws IOException;

  /** Whether the name under which the file was opened still leads to this very file. */
  boolean isNamed() throws IOException;

  /**
   * As {@link #isNamed()}, told by what was just written here and nowhere else. Asks for no
   * attributes of the file, after which a system may force its times with the next write.
   */
  boolean isNamed(long position, byte[] written) throws IOException;
}
