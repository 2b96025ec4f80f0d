package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An older copy of the store is put back. */
class FreshnessTest {

  @TempDir Path directory;

  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private Path vaultDirectory;
  private Path anchorFile;

  @BeforeEach
  void prepare() {
    new SecureRandom().nextBytes(masterKey);
    vaultDirectory = directory.resolve("vault");
    anchorFile = directory.resolve("anchor");
  }

  private SecretVault open(FreshnessAnchor anchor) {
    return builder().freshness(anchor).open();
  }

  private SecretVault open() {
    return open(FreshnessAnchor.inFile(anchorFile));
  }

  private VaultBuilder builder() {
    return SecretVault.builder()
        .store(FileSecretStore.open(vaultDirectory))
        .masterKey(MasterKey.fromBytes(masterKey));
  }

  private static SharedSecret share(SecretVault vault) {
    return vault.oneTime().share(OneTimeSpec.of("value".toCharArray()));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(
        to, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private void putBack(Path copy) throws IOException {
    try (Stream<Path> files = Files.list(vaultDirectory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(vaultDirectory);
    copy(copy, vaultDirectory);
  }

  private long noted() {
    return FreshnessAnchor.inFile(anchorFile).read().orElseThrow().counter();
  }

  @Test
  void olderCopy_isRefused_andOpensAgainWithTheNewerOne() throws IOException {
    SharedSecret shared;
    try (SecretVault vault = open()) {
      shared = share(vault);
    }
    Path older = directory.resolve("older");
    copy(vaultDirectory, older);
    try (SecretVault vault = open()) {
      vault.oneTime().reveal(shared.link()).close();
    }
    Path newer = directory.resolve("newer");
    copy(vaultDirectory, newer);
    putBack(older);
    assertThatThrownBy(this::open)
        .isInstanceOf(IntegrityException.class)
        .hasMessageContaining("older copy")
        .hasMessageContaining("commit 2 of 3");
    putBack(newer);
    try (SecretVault vault = open()) {
      assertThatThrownBy(() -> vault.oneTime().reveal(shared.link()))
          .isInstanceOf(AlreadyRevealedException.class);
    }
  }

  /** The control, and the truth about what an anchor is for. */
  @Test
  void olderCopy_withoutAnAnchor_opensTheLinkAgain() throws IOException {
    SharedSecret shared;
    try (SecretVault vault = builder().open()) {
      shared = share(vault);
    }
    Path older = directory.resolve("older");
    copy(vaultDirectory, older);
    for (int time = 0; time < 2; time++) {
      try (SecretVault vault = builder().open();
          SecretValue value = vault.oneTime().reveal(shared.link())) {
        assertThat(VaultFixture.textOf(value)).isEqualTo("value");
      }
      putBack(older);
    }
  }

  @Test
  void copyThatWentOn_withAnotherAnchor_isRefused() throws IOException {
    try (SecretVault vault = open()) {
      share(vault);
    }
    Path older = directory.resolve("older");
    copy(vaultDirectory, older);
    try (SecretVault vault = open()) {
      share(vault);
    }
    putBack(older);
    try (SecretVault vault = open(FreshnessAnchor.inFile(directory.resolve("another")))) {
      for (int i = 0; i < 3; i++) {
        share(vault);
      }
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(IntegrityException.class)
        .hasMessageContaining("another history");
  }

  @Test
  void emptyStore_isAnOlderCopy_too() {
    open().close();
    assertThatThrownBy(
            () ->
                SecretVault.builder()
                    .store(FileSecretStore.open(directory.resolve("empty")))
                    .masterKey(MasterKey.fromBytes(masterKey))
                    .freshness(FreshnessAnchor.inFile(anchorFile))
                    .open())
        .isInstanceOf(IntegrityException.class)
        .hasMessageContaining("commit 0 of 1");
  }

  @Test
  void vaultWithAnAnchor_isNotOpenedWithoutIt() {
    open().close();
    assertThatThrownBy(() -> builder().open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("freshness: ");
    open().close();
  }

  @Test
  void newAnchor_takesOverWhereTheStoreStands() {
    try (SecretVault vault = builder().open()) {
      share(vault);
    }
    try (SecretVault vault = open()) {
      share(vault);
      assertThat(noted()).isEqualTo(1);
      assertThat(vault.oneTime().recent(100).items()).hasSize(2);
    }
    FreshnessAnchor another = FreshnessAnchor.inFile(directory.resolve("another"));
    open(another).close();
    assertThat(another.read()).isEqualTo(FreshnessAnchor.inFile(anchorFile).read());
  }

  /** Fails to note the n-th mark, as a process that dies before it does. */
  private static final class FailingAnchor implements FreshnessAnchor {
    private final FreshnessAnchor anchor;
    private final AtomicInteger left;

    FailingAnchor(FreshnessAnchor anchor, int failing) {
      this.anchor = anchor;
      this.left = new AtomicInteger(failing);
    }

    @Override
    public Optional<Mark> read() {
      return anchor.read();
    }

    @Override
    public void advance(Mark mark) {
      if (left.decrementAndGet() == 0) {
        throw new UncheckedIOException(new IOException("the anchor cannot be reached"));
      }
      anchor.advance(mark);
    }
  }

  @Test
  void commitThatWasNotNoted_isMade_andNotedWhenTheVaultIsOpened() {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    try (SecretVault vault = open(new FailingAnchor(anchor, 3))) {
      share(vault);
      assertThatThrownBy(() -> share(vault))
          .isInstanceOfSatisfying(
              StoreFailedException.class, e -> assertThat(e.outcomeKnown()).isFalse());
    }
    assertThat(noted()).isEqualTo(2);
    try (SecretVault vault = open()) {
      assertThat(noted()).isEqualTo(3);
      assertThat(vault.oneTime().recent(100).items()).hasSize(2);
    }
  }

  @Test
  void valueWhoseEndWasNotNoted_isNotHandedOut() {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    try (SecretVault vault = open(new FailingAnchor(anchor, 3))) {
      SharedSecret shared = share(vault);
      assertThatThrownBy(() -> vault.oneTime().reveal(shared.link()))
          .isInstanceOf(StoreFailedException.class);
      assertThatThrownBy(() -> vault.oneTime().reveal(shared.link()))
          .isInstanceOf(AlreadyRevealedException.class);
    }
  }

  @Test
  void twoVaultsOnOneStore_countTogether() {
    try (SecretVault first = open();
        SecretVault second = open()) {
      Racers.run(
          8,
          racer -> {
            for (int i = 0; i < 25; i++) {
              share(racer % 2 == 0 ? first : second);
            }
          });
    }
    assertThat(noted()).isEqualTo(1 + 8 * 25);
    try (SecretVault vault = open()) {
      assertThat(vault.keys().keysInUse().get(0).records()).isEqualTo(8 * 25 * 4);
      vault.keys().rotate();
      assertThat(vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
    }
    open().close();
  }

  @Test
  void scan_leavesTheCounterOut_andFillsItsPages() {
    try (SecretStore store =
        AnchoredStore.open(
            FileSecretStore.open(vaultDirectory), FreshnessAnchor.inFile(anchorFile))) {
      for (String key : List.of("a", "f", "freshness-", "z")) {
        store.commit(List.of(Change.put(new RecordKey(key), 0, new byte[] {1})));
      }
      for (int limit = 1; limit <= 5; limit++) {
        List<String> keys =
            store.scan(null, limit).stream().map(record -> record.key().text()).toList();
        assertThat(keys)
            .isEqualTo(List.of("a", "f", "freshness-", "z").subList(0, Math.min(limit, 4)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "0 %s\n", "1 %s", "1 %sx\n", "-1 %s\n", "1  %s\n"})
  void malformedAnchorFile_isRefused(String content) throws IOException {
    Files.writeString(anchorFile, content.formatted("ab".repeat(32)));
    assertThatThrownBy(this::open).isInstanceOf(UncheckedIOException.class);
    Files.writeString(anchorFile, "1 " + "ab".repeat(32) + "\n");
    assertThatThrownBy(this::open).isInstanceOf(IntegrityException.class);
  }

  @Test
  void fileAnchor_neverGoesBack() {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    String digest = "ab".repeat(32);
    anchor.advance(new FreshnessAnchor.Mark(7, digest));
    anchor.advance(new FreshnessAnchor.Mark(6, "cd".repeat(32)));
    anchor.advance(new FreshnessAnchor.Mark(7, "cd".repeat(32)));
    assertThat(FreshnessAnchor.inFile(anchorFile).read())
        .contains(new FreshnessAnchor.Mark(7, digest));
  }
}
