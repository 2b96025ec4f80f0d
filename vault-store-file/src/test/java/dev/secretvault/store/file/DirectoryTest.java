package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is opened, what is refused with a reason and left as it was, and what is created. */
@Timeout(60)
class DirectoryTest {

  private static final List<Function<Path, FileSecretStore>> BOTH =
      List.of(FileSecretStore::open, FileSecretStore::openExisting);

  @TempDir Path parent;

  private Path directory;

  @BeforeEach
  void chooseDirectory() {
    directory = parent.resolve("store");
  }

  private void createStore() {
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      commit(store, put("a", 0, "alpha"));
      commit(store, put("b", 0, "beta"));
    }
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void setMode(Path path, String mode) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  /** All under the parent directory, with all that a write would change. */
  private Map<String, String> everything() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(parent)) {
      for (Path path : paths.toList()) {
        FileTime modified = Files.getLastModifiedTime(path);
        String content =
            Files.isRegularFile(path) ? Arrays.toString(Files.readAllBytes(path)) : "no file";
        // The test reads lock files here, which frees locks; no store is open meanwhile.
        found.put(path.toString(), mode(path) + " " + modified + " " + content);
      }
    }
    return found;
  }

  private StoreException assertRefused(
      Function<Path, FileSecretStore> opener, Path path, String... message) throws IOException {
    Map<String, String> before = everything();
    StoreException refusal =
        catchThrowableOfType(StoreException.class, () -> opener.apply(path).close());
    assertThat(refusal).as("refusal").isNotNull();
    assertThat(refusal).hasMessageContainingAll(message);
    assertThat(refusal.getMessage()).doesNotContain("\n");
    assertThat(refusal.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
    assertThat(refusal.retryable()).isFalse();
    assertThat(everything()).isEqualTo(before);
    return refusal;
  }

  @Test
  void open_directoryMissing_createsItWithItsParents() throws Exception {
    directory = parent.resolve("new").resolve("and").resolve("deep");
    createStore();
    for (Path created = directory; !created.equals(parent); created = created.getParent()) {
      assertThat(mode(created)).isEqualTo("rwx------");
    }
    assertThat(new RealDisk(directory).list())
        .containsExactlyInAnyOrder("lock", "log.1", "settled");
    assertThat(mode(directory.resolve("log.1"))).isEqualTo("rw-------");
    assertThat(mode(directory.resolve("lock"))).isEqualTo("rw-------");
    assertThat(directory.resolve("lock")).isEmptyFile();
    try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
      assertThat(state(store)).containsOnlyKeys("a", "b");
      assertThat(store).hasToString("FileSecretStore[" + directory + "]");
    }
  }

  @Test
  void open_directoryEmpty_createsAStoreInIt() throws Exception {
    Files.createDirectory(directory);
    createStore();
    try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
      assertThat(state(store)).containsOnlyKeys("a", "b");
    }
  }

  @Test
  void open_creationWasInterrupted_createsTheStore() throws Exception {
    Files.createDirectory(directory);
    Files.createFile(directory.resolve("lock"));
    Files.writeString(directory.resolve("log.1.tmp"), "half a hea");
    createStore();
    assertThat(new RealDisk(directory).list())
        .containsExactlyInAnyOrder("lock", "log.1", "settled");
  }

  @Test
  void open_unfinishedFilesBesideTheLog_removesOnlyItsOwn() throws Exception {
    createStore();
    for (String name : List.of("log.2.tmp", "torn-1-17.tmp", "torn-1-17.2.tmp", "notes.tmp")) {
      Files.writeString(directory.resolve(name), "unfinished");
    }
    FileSecretStore.openExisting(directory).close();
    assertThat(new RealDisk(directory).list())
        .containsExactlyInAnyOrder("lock", "log.1", "notes.tmp", "settled");
  }

  @Test
  void open_lockFileMissing_createsIt() throws Exception {
    createStore();
    Files.delete(directory.resolve("lock"));
    try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
      assertThat(state(store)).containsOnlyKeys("a", "b");
    }
    assertThat(mode(directory.resolve("lock"))).isEqualTo("rw-------");
  }

  @Test
  void openExisting_directoryMissing_isRefused() throws Exception {
    assertRefused(FileSecretStore::openExisting, directory, directory.toString(), "no directory");
  }

  @Test
  void openExisting_noStore_isRefused() throws Exception {
    Files.createDirectory(directory);
    assertRefused(FileSecretStore::openExisting, directory, directory.toString(), "no store");
    Files.createFile(directory.resolve("lock"));
    Files.createFile(directory.resolve("log.1.tmp"));
    assertRefused(FileSecretStore::openExisting, directory, directory.toString(), "no store");
  }

  @Test
  void open_directoryHoldsSomethingElse_isRefused() throws Exception {
    Files.createDirectory(directory);
    Path file = directory.resolve("diary.txt");
    for (String name :
        List.of("diary.txt", "log", "log.", "log.0", "log.01", "log.x", "log.1.bak", "torn-1-17")) {
      Files.move(Files.exists(file) ? file : Files.createFile(file), directory.resolve(name));
      file = directory.resolve(name);
      for (Function<Path, FileSecretStore> opener : BOTH) {
        assertRefused(opener, directory, directory.toString(), "not a SecretVault directory");
      }
    }
  }

  @Test
  void open_pathIsAFile_isRefused() throws Exception {
    Files.writeString(directory, "a file");
    for (Function<Path, FileSecretStore> opener : BOTH) {
      assertRefused(opener, directory, directory.toString(), "is a file");
      assertRefused(opener, directory.resolve("below"), directory.toString());
    }
  }

  @Test
  void open_logIsNoRegularFile_isRefused() throws Exception {
    Files.createDirectory(directory);
    Path log = Files.createDirectory(directory.resolve("log.1"));
    for (Function<Path, FileSecretStore> opener : BOTH) {
      assertRefused(opener, directory, log.toString(), "not a regular file");
    }
    Files.delete(log);
    Files.createSymbolicLink(log, Files.createFile(parent.resolve("elsewhere")));
    for (Function<Path, FileSecretStore> opener : BOTH) {
      assertRefused(opener, directory, log.toString(), "not a regular file");
    }
  }

  @Test
  void open_othersCanWriteTheDirectory_isRefusedWithTheCommand() throws Exception {
    createStore();
    for (String mode : List.of("rwx-w----", "rwx----w-", "rwxrwxrwx")) {
      setMode(directory, mode);
      for (Function<Path, FileSecretStore> opener : BOTH) {
        assertRefused(opener, directory, "chmod go-w " + directory.toRealPath());
      }
    }
    setMode(directory, "rwxr-xr-x");
    FileSecretStore.open(directory).close();
  }

  @Test
  void open_othersCanWriteTheLog_isRefusedWithTheCommand() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    for (String mode : List.of("rw--w----", "rw-----w-", "rw-rw-rw-")) {
      setMode(log, mode);
      for (Function<Path, FileSecretStore> opener : BOTH) {
        assertRefused(opener, directory, "chmod go-w " + log.toRealPath());
      }
    }
    setMode(log, "rw-r--r--");
    FileSecretStore.open(directory).close();
  }

  @Test
  void open_ownerCannotReadOrWrite_isRefusedWithTheCommand() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    for (String mode : List.of("r--------", "-w-------", "---------")) {
      setMode(log, mode);
      // Root can read all the same, so that the modes are asked and not the system.
      StoreException refusal =
          catchThrowableOfType(StoreException.class, () -> FileSecretStore.open(directory).close());
      assertThat(refusal).hasMessageContaining("chmod u+rw " + log.toRealPath());
    }
    setMode(log, "rw-------");
    for (String mode : List.of("r-x------", "rw-------", "-wx------")) {
      setMode(directory, mode);
      StoreException refusal =
          catchThrowableOfType(StoreException.class, () -> FileSecretStore.open(directory).close());
      setMode(directory, "rwx------");
      assertThat(refusal).hasMessageContaining(directory.toString());
    }
    FileSecretStore.open(directory).close();
  }

  @Test
  void open_commandInMessage_isQuoted() throws Exception {
    directory = parent.resolve("it's a store");
    createStore();
    setMode(directory, "rwxrwx---");
    assertRefused(
        FileSecretStore::open,
        directory,
        "chmod go-w '" + parent.toRealPath() + "/it'\\''s a store'");
  }

  @Test
  void open_logDamaged_isRefused() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    byte[] content = Files.readAllBytes(log);
    for (int length : new int[] {0, 8, 100}) {
      Files.write(log, Arrays.copyOf(content, length));
      for (Function<Path, FileSecretStore> opener : BOTH) {
        assertThat(assertRefused(opener, directory, log.toString(), "at byte 0:"))
            .isInstanceOf(StoreCorruptException.class);
      }
    }
    content[LogText.HEADER.length() + 12] ^= 1;
    Files.write(log, content);
    for (Function<Path, FileSecretStore> opener : BOTH) {
      assertThat(
              assertRefused(
                  opener, directory, log.toString(), "at byte " + LogText.HEADER.length() + ":"))
          .isInstanceOf(StoreCorruptException.class);
    }
  }

  @Test
  void open_newerFormat_isRefused() throws Exception {
    createStore();
    Files.writeString(directory.resolve("log.1"), LogText.header(7));
    for (Function<Path, FileSecretStore> opener : BOTH) {
      assertThat(assertRefused(opener, directory, "version 7", "above 1"))
          .isInstanceOf(StoreFormatException.class);
    }
  }

  @Test
  void open_refused_leavesTheDirectoryFreeForTheNext() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    byte[] good = Files.readAllBytes(log);
    Files.write(log, new byte[] {1});
    assertThatThrownBy(() -> FileSecretStore.open(directory))
        .isInstanceOf(StoreCorruptException.class);
    Files.write(log, good);
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(state(store)).containsOnlyKeys("a", "b");
    }
  }

  @Test
  void open_tornTail_isKeptForTheOwnerAlone() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    long whole = Files.size(log);
    Files.writeString(log, "0123", StandardOpenOption.APPEND);
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      Path kept = directory.toRealPath().resolve("torn-1-" + whole);
      assertThat(store.recovery()).isEqualTo(new Recovery(whole, 4, kept, 0));
      assertThat(kept).hasContent("0123");
      assertThat(mode(kept)).isEqualTo("rw-------");
      assertThat(log).hasSize(whole);
      assertThat(state(store)).containsOnlyKeys("a", "b");
    }
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(store.recovery().tornTailCut()).isFalse();
    }
  }

  @Test
  void commit_logRemovedOrReplacedMeanwhile_isNotAcknowledged() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    byte[] content = Files.readAllBytes(log);
    for (boolean replaced : new boolean[] {false, true}) {
      try (FileSecretStore store = FileSecretStore.open(directory)) {
        Files.delete(log);
        if (replaced) {
          Files.write(log, content);
        }
        StoreException refusal =
            catchThrowableOfType(
                StoreException.class, () -> commit(store, put("c", 0, "into the void")));
        assertThat(refusal).hasMessageContaining("removed or replaced");
        assertThat(refusal.outcome()).isEqualTo(Outcome.UNKNOWN);
        assertThatThrownBy(() -> store.read(Records.key("a"))).isInstanceOf(StoreException.class);
      }
      Files.write(log, content);
    }
  }

  @Test
  void commit_garbageBehindTheLog_isKeptAsideLikeATornTail() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    long whole = Files.size(log);
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      Files.writeString(log, "someone else", StandardOpenOption.APPEND);
      commit(store, put("c", 0, "gamma"));
      assertThat(state(store)).containsOnlyKeys("a", "b", "c");
      Path kept = directory.toRealPath().resolve("torn-1-" + whole);
      assertThat(store.recovery()).isEqualTo(new Recovery(whole, 12, kept, 0));
      assertThat(kept).hasContent("someone else");
    }
  }

  @Test
  void anyCall_logCutByAnotherProgram_isRefused() throws Exception {
    createStore();
    Path log = directory.resolve("log.1");
    byte[] content = Files.readAllBytes(log);
    for (int length : new int[] {0, content.length - 1}) {
      try (FileSecretStore store = FileSecretStore.open(directory)) {
        Files.write(log, Arrays.copyOf(content, length));
        for (int round = 0; round < 2; round++) {
          StoreException refusal =
              catchThrowableOfType(StoreException.class, () -> store.read(Records.key("a")));
          assertThat(refusal).hasMessageContaining("another program");
          assertThat(refusal.retryable()).isFalse();
        }
        assertThatThrownBy(() -> commit(store, put("c", 0, ""))).isInstanceOf(StoreException.class);
      }
      Files.write(log, content);
    }
  }

  @Test
  void open_networkFileSystem_isRefused() {
    for (String type :
        List.of("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "fuse.sshfs", "fuse.s3fs")) {
      assertThatThrownBy(() -> StoreDirectory.checkLocal(directory, type), type)
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll(directory.toString(), "network file system (" + type + ")");
    }
    for (String type :
        List.of("ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "apfs", "NTFS", "fuseblk")) {
      StoreDirectory.checkLocal(directory, type);
    }
  }
}
