package dev.secretvault.cli;

import static dev.secretvault.cli.CopyFixture.assertMoved;
import static dev.secretvault.cli.CopyFixture.assertNoVault;
import static dev.secretvault.cli.CopyFixture.cloneOf;
import static dev.secretvault.cli.CopyFixture.commits;
import static dev.secretvault.cli.CopyFixture.contents;
import static dev.secretvault.cli.CopyFixture.copied;
import static dev.secretvault.cli.CopyFixture.copying;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.AlreadyRevealedException;
import dev.secretvault.SecretId;
import dev.secretvault.SecretVault;
import dev.secretvault.cli.VaultCopy.Result;
import dev.secretvault.cli.VaultCopy.State;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A copy holds what the vault holds, is no vault before it does, and overwrites nothing else. */
@Timeout(60)
class VaultCopyTest {

  private static final RecordKey JUNK = new RecordKey("junk");
  private static final Instant NOON = Instant.parse("2031-05-07T12:00:00.123Z");

  private final InMemorySecretStore.Medium from = new InMemorySecretStore.Medium();
  private final InMemorySecretStore.Medium to = new InMemorySecretStore.Medium();
  private final SecretStore source = InMemorySecretStore.open(from);
  private final SecretStore target = InMemorySecretStore.open(to);
  private final SplittableRandom random = CopyFixture.seeded("copy");
  private final CopyFixture fixture = new CopyFixture(random);

  @BeforeEach
  void createVault() {
    use(20);
  }

  private void use(int acts) {
    try (SecretVault vault = CopyFixture.vault(InMemorySecretStore.open(from))) {
      fixture.use(vault, acts);
    }
  }

  private static List<String> answers(InMemorySecretStore.Medium medium) {
    try (SecretVault vault = CopyFixture.openExisting(InMemorySecretStore.open(medium))) {
      return CopyFixture.answers(vault);
    }
  }

  private static void put(SecretStore store, RecordKey key, long expected, int content) {
    store.commit(List.of(Change.put(key, expected, new byte[] {(byte) content})));
  }

  @Test
  void finish_vaultWithSomeOfEverything_answersAlike() {
    use(150);
    SecretId once;
    try (SecretVault vault = CopyFixture.vault(InMemorySecretStore.open(from))) {
      while (CopyFixture.unrevealed(vault).isEmpty()) {
        fixture.use(vault, 1);
      }
      once = CopyFixture.unrevealed(vault).get(0);
    }
    List<String> before = contents(source);
    List<String> answers = answers(from);
    Result result = copying(source, target).finish();
    assertThat(result).isEqualTo(new Result(State.FINISHED, before.size(), before.size()));
    assertMoved(source, target);
    assertNoVault(InMemorySecretStore.open(from));
    assertThat(contents(target)).isEqualTo(before);
    assertThat(answers(to)).isEqualTo(answers).hasSizeGreaterThan(20);
    try (SecretVault copy = CopyFixture.vault(InMemorySecretStore.open(to))) {
      copy.reveal(once).close();
      assertThatThrownBy(() -> copy.reveal(once)).isInstanceOf(AlreadyRevealedException.class);
      fixture.use(copy, 50);
      assertThat(copy.audit().verify().intact()).isTrue();
    }
  }

  @Test
  void copy_notFinished_isNoVaultAtAnyTime() {
    FaultyStore watched = new FaultyStore(target);
    AtomicBoolean finishing = new AtomicBoolean();
    watched
        .from(Call.COMMIT, 1)
        .before(() -> assertNoVault(InMemorySecretStore.open(to)))
        .after(
            () -> {
              if (!finishing.get()) {
                assertNoVault(InMemorySecretStore.open(to));
              }
            });
    Result copied = copying(source, watched).copy();
    assertThat(copied.state()).isEqualTo(State.IN_STEP);
    assertThat(watched.calls(Call.COMMIT)).isGreaterThan(3);
    assertThat(copied(target)).isEqualTo(copied(source));
    use(20);
    finishing.set(true);
    assertThat(copying(source, watched).finish().state()).isEqualTo(State.FINISHED);
    assertMoved(source, target);
  }

  @Test
  void copy_again_changesOnlyWhatDiffers() {
    copying(source, target).copy();
    FaultyStore counting = new FaultyStore(target);
    assertThat(copying(source, counting).copy().made()).isZero();
    put(source, JUNK, 0, 1);
    assertThat(copying(source, counting).copy().made()).isEqualTo(1);
    put(source, JUNK, 1, 2);
    assertThat(copying(source, counting).copy().made()).isEqualTo(1);
    source.commit(List.of(Change.delete(JUNK, 2)));
    assertThat(copying(source, counting).copy().made()).isEqualTo(1);
    // One for each run.
    assertThat(counting.calls(Call.COMMIT)).isEqualTo(4 + 3);
    assertThat(copied(target)).isEqualTo(copied(source));
  }

  /** What was deleted and made anew, and differs in one thing only. */
  @Test
  void copy_recordThatWentBack_isDeletedAndCopied() {
    List<StoredRecord> lives =
        List.of(
            new StoredRecord(JUNK, 9, null, new byte[] {1}),
            new StoredRecord(JUNK, 8, null, new byte[] {1}),
            new StoredRecord(JUNK, 8, NOON, new byte[] {1}),
            new StoredRecord(JUNK, 8, NOON.plusMillis(1), new byte[] {1}),
            new StoredRecord(JUNK, 8, NOON.plusMillis(1), new byte[] {2}),
            new StoredRecord(JUNK, 1, null, new byte[] {2}));
    for (StoredRecord life : lives) {
      source
          .read(JUNK)
          .ifPresent(old -> source.commit(List.of(Change.delete(JUNK, old.revision()))));
      source.commit(List.of(Change.copy(life, 0)));
      assertThat(copying(source, target).copy().state()).isEqualTo(State.IN_STEP);
      assertThat(copied(target)).isEqualTo(copied(source));
    }
  }

  @Test
  void copy_moreThanACommitTakes_isSeveral() {
    for (int i = 0; i < 9; i++) {
      source.commit(
          List.of(
              Change.put(new RecordKey("l" + i), 0, new byte[Change.MAX_BYTES - i]),
              Change.put(new RecordKey("s" + i), 0, new byte[0])));
    }
    FaultyStore counting = new FaultyStore(target);
    VaultCopy copy = new VaultCopy(source, counting, SecretStore.MAX_CHANGES, CopyFixture.QUIET);
    copy.copy();
    assertThat(counting.calls(Call.COMMIT)).isEqualTo(4);
    // All went back: for each a deletion, and in a later commit a copy.
    for (int i = 0; i < 9; i++) {
      RecordKey key = new RecordKey("l" + i);
      source.commit(List.of(Change.delete(key, 1)));
      source.commit(List.of(Change.put(key, 0, new byte[Change.MAX_BYTES - 9 - i])));
    }
    assertThat(copy.copy().state()).isEqualTo(State.IN_STEP);
    assertThat(copied(target)).isEqualTo(copied(source));
  }

  @Test
  void copy_asManyAsACommitTakes_isSeveral() {
    List<Change> many = new ArrayList<>();
    for (int i = 0; i < SecretStore.MAX_CHANGES; i++) {
      many.add(Change.put(new RecordKey("r" + i), 0, new byte[0]));
    }
    source.commit(many);
    VaultCopy copy = new VaultCopy(source, target, SecretStore.MAX_CHANGES, CopyFixture.QUIET);
    assertThat(copy.copy().state()).isEqualTo(State.IN_STEP);
    assertThat(copied(target)).isEqualTo(copied(source));
  }

  @Test
  void copy_whileAnotherThreadUsesTheVault_isInStepOnceItStops() {
    AtomicBoolean stop = new AtomicBoolean();
    CopyFixture user = new CopyFixture(random.split());
    CompletableFuture<Void> using =
        CompletableFuture.runAsync(
            () -> {
              try (SecretVault vault = CopyFixture.vault(InMemorySecretStore.open(from))) {
                do {
                  user.use(vault, 1);
                } while (!stop.get());
              }
            });
    for (int i = 0; i < 20; i++) {
      assertThat(copying(source, target).copy().state()).isIn(State.BEHIND, State.IN_STEP);
      assertNoVault(InMemorySecretStore.open(to));
    }
    stop.set(true);
    using.join();
    List<String> answers = answers(from);
    assertThat(copying(source, target).finish().state()).isEqualTo(State.FINISHED);
    assertMoved(source, target);
    assertThat(answers(to)).isEqualTo(answers);
  }

  /** Of two that copy, the one that is behind changes nothing any more. */
  @Test
  void copy_anotherFinishesAtAnyCommit_changesNothingInTheVaultThatIsUsed() {
    while (!hasUnrevealed()) {
      use(1);
    }
    for (boolean finish : new boolean[] {false, true}) {
      boolean more = true;
      for (int n = 1; more; n++) {
        InMemorySecretStore.Medium used = cloneOf(source);
        InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
        SecretStore copy = InMemorySecretStore.open(medium);
        FaultyStore slow = new FaultyStore(InMemorySecretStore.open(medium));
        AtomicReference<List<String>> live = new AtomicReference<>();
        slow.nth(Call.COMMIT, n)
            .before(
                () -> {
                  copying(InMemorySecretStore.open(used), copy).finish();
                  useCopy(medium);
                  live.set(contents(copy));
                });
        VaultCopy copying = copying(InMemorySecretStore.open(used), slow);
        assertThatThrownBy(finish ? copying::finish : copying::copy, "commit %d", n)
            .isInstanceOf(Refusal.class)
            .hasMessageContaining("somebody else writes to the copy");
        assertThat(contents(copy)).isEqualTo(live.get());
        more = n < commits(source, finish);
      }
    }
  }

  private SecretVault openedSource() {
    return CopyFixture.openExisting(InMemorySecretStore.open(from));
  }

  private boolean hasUnrevealed() {
    try (SecretVault vault = openedSource()) {
      return !CopyFixture.unrevealed(vault).isEmpty();
    }
  }

  private void useCopy(InMemorySecretStore.Medium medium) {
    try (SecretVault vault = CopyFixture.openExisting(InMemorySecretStore.open(medium))) {
      vault.reveal(CopyFixture.unrevealed(vault).get(0)).close();
      fixture.use(vault, 3);
    }
  }

  /** A vault that begins where the copy does is not overwritten. */
  @Test
  void copy_vaultCreatedMeanwhile_isLeftAsItIs() {
    for (boolean finish : new boolean[] {false, true}) {
      for (int n = 1; n <= commits(source, finish); n++) {
        SecretStore used = InMemorySecretStore.open(cloneOf(source));
        InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
        SecretStore copy = InMemorySecretStore.open(medium);
        FaultyStore slow = new FaultyStore(InMemorySecretStore.open(medium));
        AtomicReference<List<String>> created = new AtomicReference<>();
        slow.nth(Call.COMMIT, n)
            .before(
                () -> {
                  // As whoever found it empty before.
                  put(copy, CopySource.HEADER, 0, 1);
                  created.set(contents(copy));
                });
        VaultCopy copying = copying(used, slow);
        assertThatThrownBy(finish ? copying::finish : copying::copy, "commit %d", n)
            .isInstanceOf(Refusal.class);
        assertThat(contents(copy)).isEqualTo(created.get());
      }
    }
  }

  /** A run goes on in no copy but the one that it began in, be it in the same place. */
  @Test
  void copy_begunAnewMeanwhile_isLeftToTheOther() {
    FaultyStore slow = new FaultyStore(InMemorySecretStore.open(to));
    FaultyStore other = new FaultyStore(InMemorySecretStore.open(to));
    other.nth(Call.COMMIT, 2).fails(FaultyStore.Fault.NOT_WRITTEN);
    slow.nth(Call.COMMIT, 2)
        .before(
            () -> {
              CopyFixture.records(target)
                  .forEach(
                      there ->
                          target.commit(List.of(Change.delete(there.key(), there.revision()))));
              assertThatThrownBy(() -> copying(source, other).copy())
                  .isInstanceOf(StoreException.class);
            });
    assertThatThrownBy(() -> copying(source, slow).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("somebody else writes to the copy");
    assertThat(copied(target)).isEmpty();
    assertThat(contents(target)).hasSize(1);
  }

  @Test
  void copy_toItselfByAnotherName_isRefused() {
    SecretStore same = InMemorySecretStore.open(from);
    List<String> before = contents(source);
    for (boolean finish : new boolean[] {false, true}) {
      VaultCopy copy = copying(source, same);
      assertThatThrownBy(finish ? copy::finish : copy::copy)
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("there is a vault already");
    }
    assertThat(contents(source)).isEqualTo(before);
    copying(source, target).finish();
    List<String> moved = contents(source);
    assertThatThrownBy(() -> copying(source, same).finish())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("where a vault was moved from");
    assertThat(contents(source)).isEqualTo(moved);
  }

  private void assertRefused(String why) {
    List<String> before = contents(target);
    List<String> sourceBefore = contents(source);
    for (boolean finish : new boolean[] {false, true}) {
      VaultCopy copy = copying(source, target);
      assertThatThrownBy(finish ? copy::finish : copy::copy)
          .isInstanceOf(Refusal.class)
          .hasMessageContaining(why);
    }
    assertThat(contents(target)).isEqualTo(before);
    assertThat(contents(source)).isEqualTo(sourceBefore);
  }

  @Test
  void copy_toAnotherVault_isRefused() {
    CopyFixture.vault(InMemorySecretStore.open(to)).close();
    assertRefused("there is a vault already");
  }

  @Test
  void copy_toUnfinishedCopyOfAnotherVault_isRefused() {
    InMemorySecretStore.Medium other = new InMemorySecretStore.Medium();
    CopyFixture.vault(InMemorySecretStore.open(other)).close();
    copying(InMemorySecretStore.open(other), target).copy();
    assertRefused("an unfinished copy of another vault");
  }

  @Test
  void copy_toWhatNoRunHasMarked_isRefused() {
    byte[] vaultId = CopySource.of(source).vaultId();
    target.commit(List.of(Change.put(CopyTarget.MARK, 0, vaultId)));
    assertRefused("an unfinished copy of another vault");
  }

  @Test
  void copy_toOtherRecords_isRefused() {
    put(target, JUNK, 0, 1);
    assertRefused("records of something else");
  }

  @Test
  void copy_toWhereAVaultWasMovedFrom_isRefused() {
    InMemorySecretStore.Medium other = new InMemorySecretStore.Medium();
    CopyFixture.vault(InMemorySecretStore.open(other)).close();
    copying(InMemorySecretStore.open(other), target).copy();
    // As the vault may have it that was created while this run began.
    source.commit(List.of(Change.copy(target.read(CopyTarget.MARK).orElseThrow(), 0)));
    copying(source, InMemorySecretStore.open(new InMemorySecretStore.Medium())).finish();
    List<String> moved = contents(source);
    assertThatThrownBy(() -> copying(InMemorySecretStore.open(other), source).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("where a vault was moved from");
    assertThat(contents(source)).isEqualTo(moved);
  }

  @Test
  void copy_fromUnfinishedCopy_isRefused() {
    copying(source, target).copy();
    SecretStore third = InMemorySecretStore.open(new InMemorySecretStore.Medium());
    assertThatThrownBy(() -> copying(target, third).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("a copy that is not finished");
    assertThat(contents(third)).isEmpty();
  }

  @Test
  void copy_fromNoVault_isRefused() {
    SecretStore none = InMemorySecretStore.open(new InMemorySecretStore.Medium());
    for (int records = 0; records < 2; records++) {
      assertThatThrownBy(() -> copying(none, target).copy())
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("there is no vault to copy from");
      put(none, CopySource.MOVED, records, 1);
    }
    assertThat(contents(target)).isEmpty();
  }

  @Test
  void copy_finished_isLeftAsItIs() {
    int records = contents(source).size();
    copying(source, target).finish();
    FaultyStore counting = new FaultyStore(target);
    for (int i = 0; i < 2; i++) {
      Result again = i == 0 ? copying(source, counting).copy() : copying(source, counting).finish();
      assertThat(again).isEqualTo(new Result(State.FINISHED, 0, records));
    }
    assertThat(counting.calls(Call.COMMIT)).isZero();
  }

  @Test
  void copy_finishedAndUsedSince_isRefused() {
    copying(source, target).finish();
    try (SecretVault copy = CopyFixture.vault(InMemorySecretStore.open(to))) {
      fixture.use(copy, 10);
      copy.keys().rotate();
    }
    assertRefused("it has been used since");
  }

  @Test
  void copy_finishedAndItsHeaderChangedSince_isRefused() {
    copying(source, target).finish();
    StoredRecord header = target.read(CopySource.HEADER).orElseThrow();
    target.commit(List.of(Change.put(CopySource.HEADER, header.revision(), header.bytes())));
    assertRefused("it has been used since");
  }

  @Test
  void copy_vaultUsedSinceItsCopyWasFinished_isRefused() {
    copying(source, target).finish();
    put(source, JUNK, 0, 1);
    assertRefused("it has been used since");
  }
}
