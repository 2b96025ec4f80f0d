package dev.secretvault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A mark in a file, as one line: the counter, a space, the id. */
final class FileFreshnessAnchor implements FreshnessAnchor {

  private static final Pattern LINE =
      Pattern.compile("([1-9][0-9]{0,17}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n");

  /**
   * A process has a file's lock as a whole, and must not lock it twice, whoever in it does. An
   * interned string is one and the same for all copies of this class in a server.
   */
  private static final String TURN = FileFreshnessAnchor.class.getName().intern();

  private static final int MAX_LINKS = 40;

  private static final Set<StandardOpenOption> CREATED =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);

  private final Path file;

  FileFreshnessAnchor(Path file) {
    this.file = Objects.requireNonNull(file, "file").toAbsolutePath();
  }

  private interface Task<T> {
    T run() throws IOException;
  }

  /**
   * Runs a task that may be run again, whatever interrupts arrive: they close channels, and what is
   * to be noted has been done.
   */
  private static <T> T uninterrupted(Task<T> task) {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try {
          return task.run();
        } catch (ClosedByInterruptException | FileLockInterruptionException e) {
          interrupted = true;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public Optional<Mark> read() {
    return uninterrupted(() -> read(target()));
  }

  private static Optional<Mark> read(Path file) throws IOException {
    try {
      Matcher line = LINE.matcher(Files.readString(file, StandardCharsets.US_ASCII));
      if (!line.matches()) {
        throw new IOException("malformed: " + file);
      }
      return Optional.of(new Mark(Long.parseLong(line.group(1)), UUID.fromString(line.group(2))));
    } catch (NoSuchFileException none) {
      Path directory = file.resolveSibling(".");
      if (Files.isDirectory(directory)) {
        return Optional.empty();
      }
      throw new NotDirectoryException(directory.normalize().toString()); // Nobody took the mark.
    }
  }

  @Override
  public boolean advance(@Nullable Mark noted, Mark next) {
    synchronized (TURN) {
      return uninterrupted(() -> advance(target(), noted, next));
    }
  }

  /** Where a symbolic link leads: it is not to be replaced by a file beside it. */
  private Path target() throws IOException {
    Path target = file;
    for (int links = 0; Files.isSymbolicLink(target); links++) {
      if (links == MAX_LINKS) {
        throw new FileSystemLoopException(file.toString());
      }
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    return target;
  }

  private static boolean advance(Path file, @Nullable Mark noted, Mark next) throws IOException {
    try (FileChannel locked = FileChannel.open(sibling(file, ".lock"), CREATED, ownersOnly(file))) {
      locked.lock(); // Closing lets go of it.
      Mark before = read(file).orElse(null);
      if (!Objects.equals(before, noted) && !next.equals(before)) {
        return false;
      }
      write(file, next); // Once more if it is there: whoever wrote it may not have forced it.
      return true;
    }
  }

  private static void write(Path file, Mark mark) throws IOException {
    Path written = sibling(file, ".new");
    byte[] line = (mark.counter() + " " + mark.id() + "\n").getBytes(StandardCharsets.US_ASCII);
    Files.deleteIfExists(written); // Of a process that has died.
    try (FileChannel out = FileChannel.open(written, CREATED, ownersOnly(file))) {
      ByteBuffer left = ByteBuffer.wrap(line);
      while (left.hasRemaining()) {
        out.write(left);
      }
      out.force(true);
    }
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    if (file.getFileSystem().getSeparator().equals("\\")) {
      return; // Windows opens no directory, and its file systems order their metadata themselves.
    }
    try (FileChannel directory = FileChannel.open(file.resolveSibling("."))) {
      directory.force(true);
    }
  }

  private static FileAttribute<?>[] ownersOnly(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private static Path sibling(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }
}
