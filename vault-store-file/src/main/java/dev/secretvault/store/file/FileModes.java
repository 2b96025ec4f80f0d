package dev.secretvault.store.file;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Who may do what with the files of a store. Says nothing on file systems without POSIX modes. */
final class FileModes {

  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> DIRECTORY =
      PosixFilePermissions.fromString("rwx------");

  private FileModes() {}

  /** The attribute to create a file with, of mode 0600. */
  static FileAttribute<?>[] ownerOnlyFile(Path neighbour) {
    return attributes(neighbour, FILE);
  }

  /** The attribute to create a directory with, of mode 0700. */
  static FileAttribute<?>[] ownerOnlyDirectory(Path neighbour) {
    return attributes(neighbour, DIRECTORY);
  }

  private static FileAttribute<?>[] attributes(Path neighbour, Set<PosixFilePermission> mode) {
    return hasModes(neighbour)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(mode)}
        : new FileAttribute<?>[0];
  }

  /** Refuses a directory that its owner cannot use or that others can write. */
  static void checkDirectory(Path directory) throws IOException {
    check(directory, DIRECTORY, "u+rwx");
  }

  /** Refuses a file that its owner cannot use or that others can write. */
  static void checkFile(Path file) throws IOException {
    check(file, FILE, "u+rw");
  }

  private static void check(Path path, Set<PosixFilePermission> needed, String grant)
      throws IOException {
    if (!hasModes(path)) {
      return;
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path);
    if (!mode.containsAll(needed)) {
      throw refused(path, "cannot be read and written by its owner", "chmod " + grant);
    }
    if (mode.contains(PosixFilePermission.GROUP_WRITE)
        || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
      // Whoever can write here can remove records, or put back old ones.
      throw refused(path, "can be written by its group or by others", "chmod go-w");
    }
  }

  private static boolean hasModes(Path path) {
    return Files.getFileAttributeView(path, PosixFileAttributeView.class) != null;
  }

  private static StoreException refused(Path path, String why, String command) {
    return new StoreException(
        path + " " + why + "; to mend that, run: " + command + " " + quoted(path),
        Outcome.NOT_WRITTEN,
        false,
        null);
  }

  private static String quoted(Path path) {
    String text = path.toString();
    return text.matches("[A-Za-z0-9/._-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
