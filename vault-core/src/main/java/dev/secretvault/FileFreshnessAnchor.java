package dev.secretvault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A mark in a file, as one line: the counter, a space, the digest. */
final class FileFreshnessAnchor implements FreshnessAnchor {

  private static final Pattern LINE = Pattern.compile("([1-9][0-9]{0,17}) ([0-9a-f]{64})\n");

  /** A process has a file's lock as a whole, and must not lock it twice, whoever in it does. */
  private static final Lock TURN = new ReentrantLock();

  private final Path file;

  FileFreshnessAnchor(Path file) {
    this.file = Objects.requireNonNull(file, "file").toAbsolutePath();
  }

  @Override
  public Optional<Mark> read() {
    try {
      Matcher line = LINE.matcher(Files.readString(file, StandardCharsets.US_ASCII));
      if (!line.matches()) {
        throw new IOException("the freshness anchor is malformed: " + file);
      }
      return Optional.of(new Mark(Long.parseLong(line.group(1)), line.group(2)));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void advance(Mark mark) {
    TURN.lock();
    try (FileChannel locked =
            FileChannel.open(
                sibling(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = locked.lock()) {
      if (lock.isValid()
          && read().filter(noted -> noted.counter() >= mark.counter()).isEmpty()) {
        write(mark);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      TURN.unlock();
    }
  }

  private void write(Mark mark) throws IOException {
    Path written = sibling(".new");
    byte[] line = (mark.counter() + " " + mark.digest() + "\n").getBytes(StandardCharsets.US_ASCII);
    try (FileChannel out =
        FileChannel.open(
            written,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer left = ByteBuffer.wrap(line);
      while (left.hasRemaining()) {
        out.write(left);
      }
      out.force(true);
    }
    Files.move(
        written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(file.resolveSibling("."))) {
      directory.force(true);
    }
  }

  private Path sibling(String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }
}
