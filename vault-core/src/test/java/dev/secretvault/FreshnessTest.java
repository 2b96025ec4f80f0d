package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
  void vaultWithoutAnAnchor_isGivenOne() {
    try (SecretVault vault = builder().open()) {
      share(vault);
    }
    try (SecretVault vault = open()) {
      share(vault);
      assertThat(noted()).isEqualTo(1);
      assertThat(vault.oneTime().recent(100).items()).hasSize(2);
    }
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
    assertThat(another.read()).isEqualTo(FreshnessAnchor.inFile(anchorFile).read());
    open(another).close();
    assertThatThrownBy(() -> builder().freshnessFromNow(another).open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("take a new one");
  }

  @Test
  void anchorOfAStoreThatDoesNotOpen_notesNothing() {
    open().close();
    FreshnessAnchor another = FreshnessAnchor.inFile(directory.resolve("another"));
    masterKey[0]++;
    assertThatThrownBy(() -> builder().freshnessFromNow(another).open())
        .isInstanceOf(WrongMasterKeyException.class);
    assertThat(another.read()).isEmpty();
  }

  /** Notes nothing while it cannot be reached. */
  private static class FailingAnchor implements FreshnessAnchor {
    private final FreshnessAnchor anchor;
    private final AtomicBoolean failing = new AtomicBoolean();

    FailingAnchor(FreshnessAnchor anchor) {
      this.anchor = anchor;
    }

    @Override
    public Optional<Mark> read() {
      return anchor.read();
    }

    @Override
    public void advance(Mark mark) {
      if (failing.get()) {
        throw new UncheckedIOException(new IOException("the anchor cannot be reached"));
      }
      anchor.advance(mark);
    }
  }

  private static void assertFails(ThrowingCallable call, boolean outcomeKnown) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreFailedException.class,
            e -> {
              assertThat(e.outcomeKnown()).isEqualTo(outcomeKnown);
              assertThat(e.retryable()).isTrue();
            });
  }

  /**
   * However long it cannot be reached: nothing goes on without it, and nothing is refused after.
   */
  @Test
  void anchorThatCannotBeReached_stopsAllChanges_andCostsOneCommit() {
    FailingAnchor anchor = new FailingAnchor(FreshnessAnchor.inFile(anchorFile));
    List<SharedSecret> shared = new ArrayList<>();
    try (SecretVault vault = open(anchor)) {
      for (int i = 0; i < 40; i++) {
        shared.add(share(vault));
      }
      anchor.failing.set(true);
      assertFails(() -> vault.oneTime().reveal(shared.get(0).link()), false);
      for (int i = 1; i < 40; i++) {
        String link = shared.get(i).link();
        assertFails(() -> vault.oneTime().reveal(link), true);
      }
      assertThat(noted()).isEqualTo(41);
    }
    assertThatThrownBy(() -> open(anchor)).isInstanceOf(UncheckedIOException.class);
    anchor.failing.set(false);
    try (SecretVault vault = open(anchor)) {
      assertThat(noted()).isEqualTo(42);
      assertThatThrownBy(() -> vault.oneTime().reveal(shared.get(0).link()))
          .as("its end was made, though not noted")
          .isInstanceOf(AlreadyRevealedException.class);
      for (int i = 1; i < 40; i++) {
        vault.oneTime().reveal(shared.get(i).link()).close();
      }
    }
  }

  @Test
  void commitThatWasNotNoted_isNotedBeforeTheNext() {
    FailingAnchor anchor = new FailingAnchor(FreshnessAnchor.inFile(anchorFile));
    try (SecretVault vault = open(anchor)) {
      anchor.failing.set(true);
      assertFails(() -> share(vault), false);
      assertFails(() -> share(vault), true);
      anchor.failing.set(false);
      share(vault);
      assertThat(noted()).isEqualTo(3);
      assertThat(vault.oneTime().recent(100).items()).hasSize(2);
    }
    open().close();
  }

  /** Others commit between the look at the anchor and that at the store. */
  @Test
  void opening_whileOthersGoFar_isNotRefused() {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    try (SecretVault busy = open()) {
      FreshnessAnchor slow =
          new FailingAnchor(anchor) {
            private int looks;

            @Override
            public Optional<Mark> read() {
              Optional<Mark> mark = super.read();
              if (looks++ < 2) {
                for (int i = 0; i < 40; i++) {
                  share(busy);
                }
              }
              return mark;
            }
          };
      open(slow).close();
    }
  }

  /** The store is put back below a vault that is open, which is the last to know the truth. */
  @Test
  void storePutBackInUse_isNoticedByTheNextChange() {
    InMemorySecretStore.Medium today = new InMemorySecretStore.Medium();
    InMemorySecretStore.Medium yesterday = new InMemorySecretStore.Medium();
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    AtomicReference<InMemorySecretStore.Medium> medium = new AtomicReference<>(today);
    SecretStore switched =
        new WrappedStore(InMemorySecretStore.open(today)) {
          private SecretStore other;

          private Optional<SecretStore> other() {
            if (medium.get() == today) {
              return Optional.empty();
            }
            other = other == null ? InMemorySecretStore.open(yesterday) : other;
            return Optional.of(other);
          }

          @Override
          public Optional<StoredRecord> read(RecordKey key) {
            return other().map(store -> store.read(key)).orElseGet(() -> super.read(key));
          }

          @Override
          public void commit(List<Change> changes) {
            other().ifPresentOrElse(store -> store.commit(changes), () -> super.commit(changes));
          }
        };
    try (SecretVault vault =
        SecretVault.builder()
            .store(switched)
            .masterKey(MasterKey.fromBytes(masterKey))
            .freshness(anchor)
            .open()) {
      SharedSecret shared = share(vault);
      try (SecretStore from = InMemorySecretStore.open(today);
          SecretStore to = InMemorySecretStore.open(yesterday)) {
        for (StoredRecord record : VaultFixture.stored(from).values()) {
          for (long revision = 0; revision < record.revision(); revision++) {
            to.commit(
                List.of(
                    new Change.Put(record.key(), revision, record.bytes(), record.expiresAt())));
          }
        }
      }
      vault.oneTime().reveal(shared.link()).close();
      Optional<FreshnessAnchor.Mark> before = anchor.read();
      medium.set(yesterday);
      for (int again = 0; again < 3; again++) {
        assertThatThrownBy(() -> vault.oneTime().reveal(shared.link()))
            .isInstanceOf(IntegrityException.class)
            .hasMessageContaining("older copy");
      }
      assertThat(anchor.read()).isEqualTo(before);
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

  /** Most of the interrupts come while the mark is locked, written or forced to the disk. */
  @Test
  void interruptInTheMiddle_leavesTheMarkNoted() {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(anchorFile);
    Thread noting = Thread.currentThread();
    for (int counter = 1; counter <= 300; counter++) {
      FreshnessAnchor.Mark mark = new FreshnessAnchor.Mark(counter, "ab".repeat(32));
      new Thread(noting::interrupt).start();
      anchor.advance(mark);
      while (!Thread.interrupted()) {
        Thread.onSpinWait();
      }
      assertThat(anchor.read()).contains(mark);
    }
  }

  @Test
  void anchorFiles_areTheirOwners() throws IOException {
    open().close();
    for (String name : List.of("anchor", "anchor.lock")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))))
          .isEqualTo("rw-------");
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
