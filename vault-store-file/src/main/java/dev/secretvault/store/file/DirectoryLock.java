package dev.secretvault.store.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets one thread of one process at a time work on a directory: by a lock of the operating system
 * on an empty file, which goes with the process that holds it, and by a monitor in this process.
 *
 * <p>POSIX drops a process's locks on a file as soon as the process closes <em>any</em> descriptor
 * of that file. So a descriptor lives only inside of the monitor: nobody in this process can hold
 * the lock when one is closed, be it by us, by the collector, or by an interrupt. The monitor is an
 * interned string, which is one and the same for all copies of this class in a server.
 */
final class DirectoryLock {

  private static final long RETRY_NANOS = 1_000_000;

  private final Path path;
  private final String monitor;

  /** The lock of an existing directory, given by its real path. */
  DirectoryLock(Path directory) throws IOException {
    this.path = directory.resolve(Names.LOCK);
    Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    this.monitor = (DirectoryLock.class.getName() + ' ' + (key == null ? directory : key)).intern();
  }

  /**
   * Runs a task that holds the lock; waits for it as long as it takes, whatever interrupts arrive.
   */
  <T> T hold(Disk.Task<T> task) throws IOException {
    synchronized (monitor) {
      FileChannel file = lock();
      try {
        return task.run();
      } finally {
        unlock(file);
      }
    }
  }

  private FileChannel lock() throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        FileChannel file = open();
        boolean locked = false;
        try {
          locked = file.tryLock() != null || waitFor(file);
          if (locked) {
            return file;
          }
        } catch (OverlappingFileLockException foreign) {
          throw new IOException("something else in this process has locked " + path, foreign);
        } finally {
          if (!locked) {
            file.close();
          }
        }
        interrupted |= Thread.interrupted();
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * False if waiting broke off: because of an interrupt, or because the system, which believes that
   * a process waits as a whole, took two directories in use by two processes for a deadlock. An
   * error that lasts will meet the next attempt not to wait.
   */
  private static boolean waitFor(FileChannel file) {
    try {
      return file.lock() != null;
    } catch (IOException brokenOff) {
      return false;
    }
  }

  private FileChannel open() throws IOException {
    while (true) {
      try {
        return FileChannel.open(path, WRITE, NOFOLLOW_LINKS);
      } catch (NoSuchFileException missing) {
        create();
      }
    }
  }

  private void create() throws IOException {
    try {
      Files.createFile(path, FileModes.ownerOnlyFile(path.resolveSibling("")));
    } catch (FileAlreadyExistsException raced) {
      // As good as created here.
    }
  }

  /** What the task did is done, and the descriptor is gone either way. */
  private static void unlock(FileChannel file) {
    try {
      file.close();
    } catch (IOException nothingLost) {
      // Falls through.
    }
  }
}
