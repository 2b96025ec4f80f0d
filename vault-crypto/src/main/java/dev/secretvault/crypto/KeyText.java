package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;

/** A raw master key as text, and the file that holds one; {@link MasterKey} says what it is. */
final class KeyText {

  private static final int MAX_TEXT_BYTES = 1_024;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final SecureRandom RANDOM = new SecureRandom();

  private KeyText() {}

  static byte[] read(Path file) {
    byte[] text = new byte[MAX_TEXT_BYTES + 1];
    try {
      if (Files.isDirectory(file)) {
        throw new CryptoException(
            Reason.KEY_UNAVAILABLE, "the master key file " + file + " is a directory");
      }
      refuseIfOthersMayUse(file);
      int length;
      // Not up to the size that the file system reports: of a device or a pipe it says 0.
      try (InputStream in = Files.newInputStream(file)) {
        length = in.readNBytes(text, 0, text.length);
      }
      if (length > MAX_TEXT_BYTES) {
        throw new CryptoException(
            Reason.KEY_UNAVAILABLE, "the master key file " + file + " is too long for a key");
      }
      return parse(text, length, "the master key file " + file);
    } catch (IOException e) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE, "the master key file " + file + " cannot be read", e);
    } finally {
      Arrays.fill(text, (byte) 0);
    }
  }

  private static void refuseIfOthersMayUse(Path file) throws IOException {
    Set<PosixFilePermission> granted;
    try {
      granted = EnumSet.copyOf(Files.getPosixFilePermissions(file));
    } catch (UnsupportedOperationException | IllegalArgumentException noPosixOrNoPermissionAtAll) {
      return;
    }
    granted.removeAll(PosixFilePermissions.fromString("rwx------"));
    if (!granted.isEmpty()) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE,
          "others than its owner may use the master key file " + file + ": run chmod 600 " + file);
    }
  }

  /**
   * Makes a key and writes it under a temporary name and links it to {@code file}: whoever looks
   * sees no file or a whole one, and of two processes that do this at once the second finds the
   * first one's key.
   */
  static void create(Path file) {
    byte[] fresh = new byte[MasterKey.BYTES];
    byte[] text = new byte[0];
    Path directory =
        Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a directory");
    try {
      RANDOM.nextBytes(fresh);
      text = Base64.getEncoder().encode(fresh);
      FileAttribute<?>[] attributes = ownerOnly(directory);
      Path temp = Files.createTempFile(directory, ".master-key-", ".tmp", attributes);
      try {
        try (RandomAccessFile out = new RandomAccessFile(temp.toFile(), "rw")) {
          out.write(text);
          out.write('\n');
          out.getFD().sync();
        }
        Files.createLink(file, temp);
      } catch (FileAlreadyExistsException another) {
        // Its key is used. Whoever made it need not have come to the next step.
      } finally {
        Files.deleteIfExists(temp);
      }
      // A vault sealed under a key that a power cut takes away is lost: the name must be durable,
      // too. Only POSIX systems let a directory be forced.
      if (attributes.length > 0) {
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
          names.force(true);
        }
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE, "the master key file " + file + " cannot be created", e);
    } finally {
      Arrays.fill(fresh, (byte) 0);
      Arrays.fill(text, (byte) 0);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) throws IOException {
    return Files.getFileStore(directory).supportsFileAttributeView("posix")
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
        : new FileAttribute<?>[0];
  }

  static byte[] parse(byte[] text, int length, String where) {
    int from = 0;
    int to = length;
    while (from < to && isSpace(text[from])) {
      from++;
    }
    while (to > from && isSpace(text[to - 1])) {
      to--;
    }
    byte[] key = null;
    try {
      key = to - from == 2 * MasterKey.BYTES ? hex(text, from, to) : base64(text, from, to);
    } catch (IllegalArgumentException notAKey) {
      // Reported below, without the parser's message: it can quote what it met.
    }
    if (key == null || key.length != MasterKey.BYTES) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE,
          where + " holds no key: 64 hexadecimal digits or the Base64 of 32 bytes are needed");
    }
    if (MasterKey.isZero(key)) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE, where + " holds no key: all its bytes are zero");
    }
    return key;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\r' || b == '\n';
  }

  private static byte[] hex(byte[] text, int from, int to) {
    byte[] key = new byte[(to - from) / 2];
    for (int i = 0; i < key.length; i++) {
      int at = from + 2 * i;
      key[i] =
          (byte) (HexFormat.fromHexDigit(text[at]) << 4 | HexFormat.fromHexDigit(text[at + 1]));
    }
    return key;
  }

  private static byte[] base64(byte[] text, int from, int to) {
    byte[] standard = Arrays.copyOfRange(text, from, to);
    try {
      for (int i = 0; i < standard.length; i++) {
        standard[i] = (byte) (standard[i] == '-' ? '+' : standard[i] == '_' ? '/' : standard[i]);
      }
      return Base64.getDecoder().decode(standard);
    } finally {
      Arrays.fill(standard, (byte) 0);
    }
  }
}
