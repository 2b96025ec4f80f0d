package dev.secretvault.store.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory of the default file system.
 *
 * <p>Files are {@link RandomAccessFile}s, because an interrupt of a thread that uses a {@link
 * FileChannel} closes it under everyone.
 */
final class RealDisk implements Disk {

  private final Path directory;
  private final DirectoryLock lock;

  /** A directory that exists, by its real path. */
  RealDisk(Path directory) throws IOException {
    this.directory = directory;
    this.lock = new DirectoryLock(directory);
  }

  @Override
  public Path path() {
    return directory;
  }

  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> String.valueOf(entry.getFileName())).toList();
    }
  }

  @Override
  public DiskFile open(String name) throws IOException {
    return new RealFile(directory.resolve(name));
  }

  @Override
  public DiskFile create(String name) throws IOException {
    Path file = directory.resolve(name);
    Files.createFile(file, FileModes.ownerOnlyFile(directory));
    return new RealFile(file);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void unlink(String name) throws IOException {
    Files.delete(directory.resolve(name));
  }

  @Override
  public void syncDirectory() throws IOException {
    sync(directory);
  }

  @Override
  public <T> T exclusively(Task<T> task) throws IOException {
    return lock.hold(task);
  }

  /** Forces a directory, whatever interrupts arrive meanwhile. */
  static void sync(Path directory) throws IOException {
    if (directory.getFileSystem().getSeparator().equals("\\")) {
      // Windows opens no directory, and its file systems order their metadata by themselves.
      return;
    }
    boolean unused =
        withChannel(
            channel -> {
              channel.force(true);
              return true;
            },
            directory,
            StandardOpenOption.READ);
  }

  private interface Use<T> {
    T use(FileChannel channel) throws IOException;
  }

  /** Opens a file and does something with it, whatever interrupts arrive meanwhile. */
  private static <T> T withChannel(Use<T> use, Path file, OpenOption... options)
      throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try (FileChannel channel = FileChannel.open(file, options)) {
          return use.use(channel);
        } catch (ClosedByInterruptException again) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static @Nullable Object identity(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class, NOFOLLOW_LINKS).fileKey();
  }

  private static final class RealFile implements DiskFile {
    /** For more at once the JDK asks the system for memory, and gives it back, each time. */
    private static final int MAX_READ = 1 << 16;

    private static final int MAX_COMPARED = 1 << 12;

    private final Path path;
    private final RandomAccessFile file;
    private final @Nullable Object identity;

    RealFile(Path path) throws IOException {
      this.path = path;
      this.identity = identity(path);
      this.file = new RandomAccessFile(path.toFile(), "rw");
    }

    @Override
    public long size() throws IOException {
      return file.length();
    }

    @Override
    public int readAt(long position, byte[] buffer, int offset, int length) throws IOException {
      file.seek(position);
      int total = 0;
      while (total < length) {
        int count = file.read(buffer, offset + total, Math.min(length - total, MAX_READ));
        if (count < 0) {
          break;
        }
        total += count;
      }
      return total;
    }

    @Override
    public void writeAt(long position, byte[] bytes) throws IOException {
      file.seek(position);
      file.write(bytes);
    }

    @Override
    public void truncate(long size) throws IOException {
      file.setLength(size);
    }

    @Override
    public void sync() throws IOException {
      file.getFD().sync();
    }

    @Override
    public boolean isNamed() throws IOException {
      try {
        return Objects.equals(identity, identity(path));
      } catch (NoSuchFileException gone) {
        return false;
      }
    }

    @Override
    public boolean isNamed(long position, byte[] written) throws IOException {
      ByteBuffer wanted = ByteBuffer.wrap(written, 0, Math.min(written.length, MAX_COMPARED));
      try {
        return withChannel(
            channel -> wanted.equals(read(channel, position, wanted.remaining())),
            path,
            StandardOpenOption.READ,
            NOFOLLOW_LINKS);
      } catch (IOException unread) {
        // There may be no descriptor left. What was forced stays so, and attributes tell as much.
        return isNamed();
      }
    }

    private static ByteBuffer read(FileChannel channel, long position, int length)
        throws IOException {
      ByteBuffer found = ByteBuffer.allocate(length);
      int count = 0;
      while (count >= 0 && found.hasRemaining()) {
        count = channel.read(found, position + found.position());
      }
      return found.flip();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
