package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
import org.jspecify.annotations.Nullable;

/**
 * The key that unlocks a vault: 32 random bytes that come from outside and are never stored with
 * it.
 *
 * <p>As text, in a file or an environment variable, a key is 64 hexadecimal digits or the Base64
 * form of 32 bytes, in the standard or the URL-safe alphabet, padded or not; white space around it
 * is ignored. {@code openssl rand -base64 32} makes one.
 *
 * <p>A vault takes its master key over: it closes it once it is open or could not be opened. {@link
 * #close} overwrites the key. Thread-safe.
 */
public final class MasterKey implements AutoCloseable {

  /** The length of a master key, in bytes. */
  public static final int BYTES = 32;

  private static final int MAX_TEXT_BYTES = 1_024;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final @Nullable Path file;
  private byte @Nullable [] key;
  private boolean closed;

  private MasterKey(@Nullable Path file, byte @Nullable [] key) {
    this.file = file;
    this.key = key;
  }

  /**
   * Takes the key itself.
   *
   * @param key {@value #BYTES} bytes, copied; the caller may overwrite them afterwards
   * @return the key
   * @throws IllegalArgumentException if there are not {@value #BYTES} bytes, or all of them are
   *     zero
   */
  public static MasterKey fromBytes(byte[] key) {
    if (Objects.requireNonNull(key, "key").length != BYTES) {
      throw new IllegalArgumentException(
          "key: " + BYTES + " bytes needed, but there are " + key.length);
    }
    byte[] copy = key.clone();
    requireNotZero(copy, "key");
    return new MasterKey(null, copy);
  }

  /**
   * Takes the key from a file, or makes one there when a new vault is created.
   *
   * <p>A missing file is no error yet. If a vault is created with this key, the file is created
   * too, readable by its owner only ({@code 0600}), with a new random key in it, and is durable
   * before the vault is. Opening an existing vault creates nothing and reports {@link
   * Reason#KEY_UNAVAILABLE} instead. Keep a copy of the file apart from the vault: without it no
   * secret can be read.
   *
   * @param file the file, whose text is described above
   * @return the key
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the file is there but cannot be
   *     read, may be read or written by others than its owner (where the file system knows POSIX
   *     permissions), or holds no key
   */
  public static MasterKey fromFile(Path file) {
    Objects.requireNonNull(file, "file");
    return new MasterKey(file, Files.exists(file) ? read(file) : null);
  }

  /**
   * Takes the key from an environment variable.
   *
   * @param variable the variable's name; its value is described above
   * @return the key
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the variable is unset or holds no
   *     key
   */
  public static MasterKey fromEnvironment(String variable) {
    String text = System.getenv(Objects.requireNonNull(variable, "variable"));
    if (text == null || text.isBlank()) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE, "the environment variable " + variable + " is not set");
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return new MasterKey(null, parse(utf8, utf8.length, "the environment variable " + variable));
  }

  /**
   * The key's bytes, for an existing vault. The array stays this object's own.
   *
   * @throws CryptoException ({@link Reason#KEY_UNAVAILABLE}) if the key's file is missing or unfit
   */
  synchronized byte[] toOpen() {
    if (closed) {
      throw new IllegalStateException(
          "the master key was closed; a vault closes the key that it was opened with");
    }
    if (key == null) {
      Path from = Objects.requireNonNull(file, "file");
      if (!Files.exists(from)) {
        throw new CryptoException(
            Reason.KEY_UNAVAILABLE,
            "there is no master key file " + from + ": restore it, or name the right file");
      }
      key = read(from);
    }
    return key;
  }

  /**
   * The key's bytes, for a new vault: makes the file if it is missing. The array stays this
   * object's own.
   */
  synchronized byte[] toCreate() {
    if (!closed && key == null && file != null && !Files.exists(file)) {
      create(file);
    }
    return toOpen();
  }

  private static byte[] read(Path file) {
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
   * Writes a new key under a temporary name and links it to {@code file}: whoever looks sees no
   * file or a whole one, and of two processes that do this at once the second finds the first one's
   * key.
   */
  private static void create(Path file) {
    byte[] fresh = new byte[BYTES];
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

  private static byte[] parse(byte[] text, int length, String where) {
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
      key = to - from == 2 * BYTES ? hex(text, from, to) : base64(text, from, to);
    } catch (IllegalArgumentException notAKey) {
      // Reported below, without the parser's message: it can quote what it met.
    }
    if (key == null || key.length != BYTES) {
      throw new CryptoException(
          Reason.KEY_UNAVAILABLE,
          where + " holds no key: 64 hexadecimal digits or the Base64 of 32 bytes are needed");
    }
    try {
      requireNotZero(key, where);
    } catch (IllegalArgumentException e) {
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

  private static void requireNotZero(byte[] key, String field) {
    int seen = 0;
    for (byte b : key) {
      seen |= b;
    }
    if (seen == 0) {
      throw new IllegalArgumentException(field + ": all bytes are zero");
    }
  }

  /** Overwrites the key. Closing twice is closing once. */
  @Override
  public synchronized void close() {
    closed = true;
    if (key != null) {
      Arrays.fill(key, (byte) 0);
      key = null;
    }
  }

  /** Says nothing of the key. */
  @Override
  public String toString() {
    return "MasterKey[hidden]";
  }
}
