package dev.secretvault.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears with all that was written, or does not appear. Readable by its owner only,
 * where the file system knows owners.
 */
final class NewFile implements AutoCloseable {

  private final Path target;
  private final boolean replace;
  private final Path temporary;
  private final FileChannel channel;
  private final OutputStream stream;

  /**
   * Begins the file, under another name in the same directory: a rename is atomic only there.
   *
   * @param replace whether a file of this name may be replaced
   * @throws Refusal if that cannot be
   */
  NewFile(Path target, boolean replace) throws IOException {
    this.target = target.toAbsolutePath();
    this.replace = replace;
    check(target, replace);
    temporary = Files.createTempFile(directory(target), ".secretvault-", ".tmp");
    // Also if the user ends the process.
    temporary.toFile().deleteOnExit();
    channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
    stream = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
  }

  /**
   * Looks before anything is done.
   *
   * @throws Refusal if the file must not be written
   */
  static void check(Path target, boolean replace) {
    if (!Files.isDirectory(directory(target))) {
      throw Refusal.because("there is no directory " + directory(target) + " to write to");
    }
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
        throw Refusal.because(target + " is not a regular file: name another one");
      }
      if (!replace) {
        throw Refusal.because(target + " exists: name another file, or add --force to replace it");
      }
    }
  }

  private static Path directory(Path target) {
    Path parent = target.toAbsolutePath().getParent();
    return parent == null ? target.toAbsolutePath() : parent;
  }

  /** Where to write. */
  OutputStream stream() {
    return stream;
  }

  /** Gives the file its name. */
  void appear() throws IOException {
    stream.flush();
    // Before the rename, or a crash can leave the name on an empty file.
    channel.force(true);
    channel.close();
    try {
      if (replace) {
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.move(temporary, target);
      }
    } catch (FileAlreadyExistsException e) {
      throw Refusal.because(target + " appeared meanwhile: name another file, or add --force");
    }
  }

  /** Removes what did not appear. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(temporary);
  }
}
