package dev.secretvault.store.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The right to use a directory, held against other processes by a lock of the operating system on
 * an empty file, and against this process by a register.
 *
 * <p>POSIX drops a process's locks on a file as soon as the process closes <em>any</em> descriptor
 * of that file. So the file is opened once, here, and never read, copied or opened a second time;
 * whether this process holds the lock already is asked of the register, before the file is touched.
 */
final class DirectoryLock implements Closeable {

  private static final Set<Object> HELD = new HashSet<>();
  private static final List<RandomAccessFile> NEVER_CLOSED = new ArrayList<>();

  private final Object identity;
  private final RandomAccessFile file;

  private DirectoryLock(Object identity, RandomAccessFile file) {
    this.identity = identity;
    this.file = file;
  }

  /**
   * Takes the lock, or refuses at once.
   *
   * @param directory an existing directory, by its real path
   */
  static DirectoryLock take(Path directory) throws IOException {
    Object identity = identity(directory);
    synchronized (HELD) {
      if (!HELD.add(identity)) {
        throw inUse(directory, "by this process");
      }
    }
    boolean taken = false;
    try {
      DirectoryLock lock = new DirectoryLock(identity, locked(directory));
      taken = true;
      return lock;
    } finally {
      if (!taken) {
        release(identity);
      }
    }
  }

  private static RandomAccessFile locked(Path directory) throws IOException {
    Path path = directory.resolve(Names.LOCK);
    try {
      Files.createFile(path, FileModes.ownerOnlyFile(directory));
    } catch (FileAlreadyExistsException usual) {
      if (!Files.isRegularFile(path, NOFOLLOW_LINKS)) {
        throw new IOException(path + " is not a regular file", usual);
      }
    }
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    FileLock lock;
    try {
      lock = file.getChannel().tryLock();
    } catch (OverlappingFileLockException otherClassLoader) {
      // Another copy of this class, with a register of its own, holds the lock. To close the file
      // would take the lock away from it.
      synchronized (HELD) {
        NEVER_CLOSED.add(file);
      }
      throw inUse(directory, "by this process");
    } catch (IOException failed) {
      file.close();
      throw failed;
    }
    if (lock == null) {
      file.close();
      throw inUse(directory, "by another process");
    }
    return file;
  }

  /** What tells directories apart, however they are reached. */
  private static Object identity(Path directory) throws IOException {
    Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    return key == null ? directory : key;
  }

  private static StoreException inUse(Path directory, String byWhom) {
    return new StoreException(
        "the store in " + directory + " is open already, " + byWhom + "; close it there first",
        Outcome.NOT_WRITTEN,
        false,
        null);
  }

  private static void release(Object identity) {
    synchronized (HELD) {
      HELD.remove(identity);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      file.close();
    } finally {
      // Last: from here on the file may be opened again.
      release(identity);
    }
  }
}
