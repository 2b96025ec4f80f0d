package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    FreshnessAnchor another = FreshnessAnchor.inFile(directory.resolve("another"));
    try (SecretVault vault = builder().freshnessFromNow(another).open()) {
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
  void vaultWithoutAnAnchor_isGivenOne_whenItIsOpenedWithIt() throws IOException {
    try (SecretVault vault = builder().open()) {
      share(vault);
    }
    Path older = directory.resolve("older");
    copy(vaultDirectory, older);
    open().close();
    assertThat(noted()).isEqualTo(1);
    assertThatThrownBy(() -> builder().open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("freshness: ");
    try (SecretVault vault = open()) {
      assertThat(vault.oneTime().recent(100).items()).hasSize(1);
      share(vault);
    }
    assertThat(noted()).isEqualTo(2);
    putBack(older);
    assertThatThrownBy(this::open)
        .isInstanceOf(IntegrityException.class)
        .hasMessageContaining("commit 0 of 2");
  }

  /** What they change would not be counted, and would come back with a copy. */
  @Test
  void vaultsThatAreOpenWithoutTheAnchor_changeNothingOnceItIsThere() {
    try (SecretVault without = builder().open();
        SecretVault deaf =
            SecretVault.builder()
                .store(WrappedStore.deaf(FileSecretStore.open(vaultDirectory)))
                .masterKey(MasterKey.fromBytes(masterKey))
                .open()) {
      SharedSecret shared = share(without);
      share(deaf);
      try (SecretVault vault = open()) {
        for (SecretVault refused : List.of(without, deaf, without, deaf)) {
          assertThatThrownBy(() -> refused.oneTime().reveal(shared.link()))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageStartingWith("freshness: ");
          assertThatThrownBy(() -> refused.keys().rotate())
              .isInstanceOf(IllegalStateException.class);
        }
        assertThat(noted()).isEqualTo(1);
        vault.oneTime().reveal(shared.link()).close();
      }
    }
  }

  @Test
  void manyThatBringTheAnchor_beginOnce() {
    builder().open().close();
    Racers.run(8, racer -> open().close());
    assertThat(noted()).isEqualTo(1);
    open().close();
  }

  @Test
  void manyThatCreateTheVault_beginOnce() {
    Racers.run(8, racer -> open().close());
    assertThat(noted()).isEqualTo(1);
    open().close();
  }

  /** A wrong path, a disk that is not there, or a thief who deletes one file. */
  @Test
  void anchorWithoutAMark_isRefused_andTakesOverOnlyIfThatIsSaid() {
    try (SecretVault vault = open()) {
      share(vault);
    }
    Path anotherFile = directory.resolve("another");
    FreshnessAnchor another = FreshnessAnchor.inFile(anotherFile);
    assertThatThrownBy(() -> open(another))
        .isInstanceOf(IntegrityException.class)
        .hasMessageContaining("no mark");
    assertThat(anotherFile).doesNotExist();
    builder().freshnessFromNow(another).open().close();
    open(another).close();
    assertThatThrownBy(() -> builder().freshnessFromNow(another).open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("take a new one");
  }

  /** Nothing was put back: the former anchor must not go on beside the new one. */
  @Test
  void formerAnchor_isRefusedAtOnce() {
    FreshnessAnchor another = FreshnessAnchor.inFile(directory.resolve("another"));
    try (SecretVault former = open()) {
      SharedSecret shared = share(former);
      try (SecretVault vault = builder().freshnessFromNow(another).open()) {
        assertThatThrownBy(() -> former.oneTime().reveal(shared.link()))
            .isInstanceOf(IntegrityException.class)
            .hasMessageContaining("another history");
        assertThatThrownBy(this::open)
            .isInstanceOf(IntegrityException.class)
            .hasMessageContaining("another history");
        vault.oneTime().reveal(shared.link()).close();
      }
    }
    assertThat(noted()).isEqualTo(2);
    open(another).close();
  }

  @Test
  void freshnessFromNow_createsAVault_too() {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    builder().freshnessFromNow(anchor).open().close();
    assertThat(noted()).isEqualTo(1);
    open().close();
  }

  @Test
  void anchorOfAStoreThatDoesNotOpen_notesNothing() {
    try (SecretVault vault = open()) {
      share(vault);
    }
    FreshnessAnchor another = FreshnessAnchor.inFile(directory.resolve("another"));
    masterKey[0]++;
    assertThatThrownBy(() -> builder().freshnessFromNow(another).open())
        .isInstanceOf(WrongMasterKeyException.class);
    assertThat(another.read()).isEmpty();
    FreshnessAnchor empty = FreshnessAnchor.inFile(directory.resolve("empty"));
    assertThatThrownBy(() -> open(empty)).isInstanceOf(WrongMasterKeyException.class);
    assertThat(empty.read()).isEmpty();
    masterKey[0]--;
    open().close();
  }

  /** Others commit between the look at the anchor and that at the store. */
  @Test
  void opening_whileOthersGoFar_isNotRefused() {
    MemoryAnchor anchor = new MemoryAnchor();
    try (SecretVault busy = open(anchor)) {
      FreshnessAnchor slow =
          new FreshnessAnchor() {
            private int looks;

            @Override
            public Optional<Mark> read() {
              Optional<Mark> mark = anchor.read();
              if (looks++ < 4) {
                for (int i = 0; i < 40; i++) {
                  share(busy);
                }
              }
              return mark;
            }

            @Override
            public boolean advance(Mark noted, Mark next) {
              return anchor.advance(noted, next);
            }
          };
      open(slow).close();
    }
  }

  /** A cancelled request must not cost what it was to be given. */
  @Test
  void interruptedThread_isGivenItsValue_andStaysInterrupted() {
    try (SecretVault vault = open()) {
      SharedSecret shared = share(vault);
      Thread.currentThread().interrupt();
      try (SecretValue value = vault.oneTime().reveal(shared.link())) {
        assertThat(VaultFixture.textOf(value)).isEqualTo("value");
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      assertThat(noted()).isEqualTo(3);
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
        new AnchoredStore(
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
}
