package dev.secretvault.store.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/** Tells directories that a store may live in from those that it must leave alone. */
final class StoreDirectory {

  private StoreDirectory() {}

  /** Where a lock or a force may not reach the other machines that use the same files. */
  private static final Pattern NETWORK =
      Pattern.compile(
          "(nfs|cifs|smb|afp|afs|ncp|9p|ceph|lustre|glusterfs|beegfs|gfs2|ocfs2|webdav|davfs|coda)"
              + ".*|fuse\\.(sshfs|rclone|s3fs|goofys|gcsfuse|glusterfs|ceph|davfs|juicefs|mfs|hdfs)"
              + ".*");

  /**
   * Checks a directory, and creates it if need be, before anything in it is opened.
   *
   * @param create whether to create the directory if it is missing, and to accept an empty one
   * @return its real path
   */
  static Path check(Path given, boolean create) throws IOException {
    if (given.getFileSystem() != FileSystems.getDefault()) {
      throw new IllegalArgumentException("directory: must be on the default file system");
    }
    Path directory = given.toAbsolutePath();
    try {
      if (!Files.readAttributes(directory, BasicFileAttributes.class).isDirectory()) {
        throw refused(directory + " is a file; name the directory that holds the store");
      }
    } catch (NoSuchFileException missing) {
      if (!create) {
        throw refused(
            "there is no directory "
                + directory
                + "; correct the path, or create a store there first");
      }
      createDirectories(directory);
    }
    Path real = directory.toRealPath();
    FileModes.checkDirectory(real);
    checkLocal(real, Files.getFileStore(real).type());
    List<String> names = new RealDisk(real).list();
    if (!names.contains(Names.LOCK)) {
      // Nothing is to be left in a directory that belongs to something else, not even a lock.
      checkContent(real, names, create);
    }
    return real;
  }

  /** Refuses a directory on a file system that other machines may use as well. */
  static void checkLocal(Path directory, String type) {
    if (NETWORK.matcher(type).matches()) {
      throw refused(
          directory
              + " is on a network file system ("
              + type
              + "), which neither locks nor forces reliably; choose a directory of this machine");
    }
  }

  /**
   * Checks what is in a directory. Only for whoever has it to itself, as a log may just be
   * replaced.
   *
   * @param create whether to accept an empty one
   */
  static void checkContent(Path directory, List<String> names, boolean create) throws IOException {
    long generation = Names.newestGeneration(names);
    if (generation > 0) {
      Path log = directory.resolve(Names.log(generation));
      if (!Files.isRegularFile(log, NOFOLLOW_LINKS)) {
        throw refused(log + " is not a regular file; restore the store from a backup");
      }
      FileModes.checkFile(log);
    } else if (!Names.holdNothing(names)) {
      throw refused(
          directory + " is not a SecretVault directory, and not empty; name another directory");
    } else if (!create) {
      throw refused(directory + " holds no store; correct the path, or create a store there first");
    }
  }

  /** Refuses a directory with anything in it but what a crash leaves of a store's creation. */
  static void checkEmpty(Path directory, List<String> names) {
    if (Names.newestGeneration(names) > 0 || !Names.holdNothing(names)) {
      throw refused(directory + " is not empty; name another directory");
    }
  }

  /** Creates all that is missing on the way, each durably. */
  private static void createDirectories(Path directory) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    Path existing = directory;
    while (existing != null && !Files.exists(existing)) {
      missing.push(existing);
      existing = existing.getParent();
    }
    for (Path next : missing) {
      Path parent = next.toAbsolutePath().getParent();
      if (parent == null) {
        throw new NoSuchFileException(next.toString());
      }
      try {
        Files.createDirectory(next, FileModes.ownerOnlyDirectory(parent));
      } catch (FileAlreadyExistsException raced) {
        // Somebody else opens the same store, and the lock will tell us apart.
        continue;
      }
      RealDisk.sync(parent);
    }
  }

  private static StoreException refused(String message) {
    return new StoreException(message, Outcome.NOT_WRITTEN, false, null);
  }
}
