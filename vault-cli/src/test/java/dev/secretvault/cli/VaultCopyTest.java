package dev.secretvault.cli;

import static dev.secretvault.cli.CopyFixture.BATCH;
import static dev.secretvault.cli.CopyFixture.assertNoVault;
import static dev.secretvault.cli.CopyFixture.contents;
import static dev.secretvault.cli.CopyFixture.copying;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
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

  /** What a vault is without its header. */
  private static List<String> withoutHeader(SecretStore store) {
    return contents(store).stream().filter(record -> !record.startsWith("header ")).toList();
  }

  private static List<String> withoutMark(SecretStore store) {
    return contents(store).stream().filter(record -> !record.startsWith("copy ")).toList();
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
    Result result = copying(source, target).finish();
    assertThat(result.state()).isEqualTo(State.FINISHED);
    assertThat(result.records()).isEqualTo(contents(source).size());
    assertThat(contents(target)).isEqualTo(contents(source));
    assertThat(answers(to)).isEqualTo(answers(from)).hasSizeGreaterThan(20);
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
    assertThat(withoutMark(target)).isEqualTo(withoutHeader(source));
    use(20);
    finishing.set(true);
    assertThat(copying(source, watched).finish().state()).isEqualTo(State.FINISHED);
    assertThat(contents(target)).isEqualTo(contents(source));
  }

  @Test
  void copy_again_changesOnlyWhatDiffers() {
    copying(source, target).copy();
    FaultyStore counting = new FaultyStore(target);
    assertThat(copying(source, counting).copy().made()).isZero();
    assertThat(counting.calls(Call.COMMIT)).isZero();
    put(source, JUNK, 0, 1);
    assertThat(copying(source, counting).copy().made()).isEqualTo(1);
    put(source, JUNK, 1, 2);
    assertThat(copying(source, counting).copy().made()).isEqualTo(1);
    source.commit(List.of(Change.delete(JUNK, 2)));
    assertThat(copying(source, counting).copy().made()).isEqualTo(1);
    assertThat(counting.calls(Call.COMMIT)).isEqualTo(3);
    assertThat(withoutMark(target)).isEqualTo(withoutHeader(source));
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
      assertThat(withoutMark(target)).isEqualTo(withoutHeader(source));
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
    VaultCopy copy =
        new VaultCopy(source, counting, SecretStore.MAX_CHANGES, Duration.ZERO, CopyFixture.QUIET);
    copy.copy();
    assertThat(counting.calls(Call.COMMIT)).isEqualTo(4);
    // All went back: for each a deletion, and in a later commit a copy.
    for (int i = 0; i < 9; i++) {
      RecordKey key = new RecordKey("l" + i);
      source.commit(List.of(Change.delete(key, 1)));
      source.commit(List.of(Change.put(key, 0, new byte[Change.MAX_BYTES - 9 - i])));
    }
    assertThat(copy.copy().state()).isEqualTo(State.IN_STEP);
    assertThat(withoutMark(target)).isEqualTo(withoutHeader(source));
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
    assertThat(copying(source, target).finish().state()).isEqualTo(State.FINISHED);
    assertThat(contents(target)).isEqualTo(contents(source));
    assertThat(answers(to)).isEqualTo(answers(from));
  }

  @Test
  void finish_vaultThatIsAlwaysInUse_isRefused() {
    FaultyStore busy = new FaultyStore(source);
    long[] revision = {0};
    busy.from(Call.SCAN, 1).after(() -> put(source, JUNK, revision[0]++, 1));
    Refusal refusal = catchThrowableOfType(Refusal.class, () -> copying(busy, target).finish());
    assertThat(refusal).hasMessageContaining("stop all that uses it");
    assertThat(refusal.exitCode()).isEqualTo(Main.REFUSED);
    assertNoVault(InMemorySecretStore.open(to));
    assertThat(copying(busy, target).copy().state()).isEqualTo(State.BEHIND);
    busy.heal();
    assertThat(copying(busy, target).finish().state()).isEqualTo(State.FINISHED);
    assertThat(contents(target)).isEqualTo(contents(source));
  }

  /** A change at any moment of the last run is in the copy, or there is no copy. */
  @Test
  void finish_oneChangeAtAnyMoment_isNotLost() {
    FaultyStore counting = new FaultyStore(source);
    copying(counting, InMemorySecretStore.open(new InMemorySecretStore.Medium())).finish();
    for (Call call : List.of(Call.SCAN, Call.READ)) {
      for (int n = 1; n <= counting.calls(call); n++) {
        InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
        SecretStore copy = InMemorySecretStore.open(medium);
        long before = source.read(JUNK).map(StoredRecord::revision).orElse(0L);
        FaultyStore changing = new FaultyStore(source);
        changing.nth(call, n).after(() -> put(source, JUNK, before, 7));
        assertThat(copying(changing, copy).finish().state()).isEqualTo(State.FINISHED);
        assertThat(contents(copy)).as("%s %d", call, n).isEqualTo(contents(source));
      }
    }
  }

  @Test
  void finish_keysChangedMeanwhile_hasTheHeaderOfItsRecords() {
    FaultyStore changing = new FaultyStore(source);
    changing
        .nth(Call.SCAN, 2)
        .after(
            () -> {
              try (SecretVault vault = CopyFixture.vault(InMemorySecretStore.open(from))) {
                vault.keys().rotate();
                vault.keys().reencrypt(state -> {});
              }
            });
    assertThat(copying(changing, target).finish().state()).isEqualTo(State.FINISHED);
    assertThat(contents(target)).isEqualTo(contents(source));
    assertThat(answers(to)).isEqualTo(answers(from));
  }

  @Test
  void finish_anyCommitFails_goesOnWhereItWas() {
    FaultyStore counting =
        new FaultyStore(InMemorySecretStore.open(new InMemorySecretStore.Medium()));
    copying(source, counting).finish();
    int commits = counting.calls(Call.COMMIT);
    int records = contents(source).size();
    assertThat(commits).isGreaterThan(4);
    for (Fault fault : Fault.values()) {
      for (int n = 1; n <= commits; n++) {
        InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
        FaultyStore failing = new FaultyStore(InMemorySecretStore.open(medium));
        failing.nth(Call.COMMIT, n).fails(fault);
        assertThatThrownBy(() -> copying(source, failing).finish())
            .isInstanceOf(StoreException.class);
        boolean finished = n == commits && fault == Fault.UNKNOWN_WRITTEN;
        if (!finished) {
          assertNoVault(InMemorySecretStore.open(medium));
        }
        int there = withoutMark(InMemorySecretStore.open(medium)).size();
        assertThat(there).isGreaterThanOrEqualTo(Math.min(records - 1, (n - 2) * BATCH));
        Result result = copying(source, failing).finish();
        assertThat(result.state()).isEqualTo(State.FINISHED);
        assertThat(result.made()).isEqualTo(finished ? 0 : records - there + 1);
        assertThat(contents(InMemorySecretStore.open(medium))).isEqualTo(contents(source));
      }
    }
  }

  @Test
  void copy_targetReadsOtherwise_isNoticed() {
    for (FalseStore.Flaw flaw : FalseStore.Flaw.values()) {
      SecretStore copy = InMemorySecretStore.open(new InMemorySecretStore.Medium());
      SecretStore reading = FalseStore.of(copy, flaw);
      if (flaw == FalseStore.Flaw.NONE) {
        assertThat(copying(source, reading).finish().state()).isEqualTo(State.FINISHED);
      } else {
        assertThatThrownBy(() -> copying(source, reading).finish(), "%s", flaw)
            .isInstanceOf(Refusal.class)
            .hasMessageContaining("does not read as it was written");
        assertNoVault(copy);
      }
    }
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
    assertRefused("there is another vault");
  }

  @Test
  void copy_toUnfinishedCopyOfAnotherVault_isRefused() {
    InMemorySecretStore.Medium other = new InMemorySecretStore.Medium();
    CopyFixture.vault(InMemorySecretStore.open(other)).close();
    copying(InMemorySecretStore.open(other), target).copy();
    assertRefused("an unfinished copy of another vault");
  }

  @Test
  void copy_toOtherRecords_isRefused() {
    put(target, JUNK, 0, 1);
    assertRefused("records of something else");
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
    SecretStore empty = InMemorySecretStore.open(new InMemorySecretStore.Medium());
    assertThatThrownBy(() -> copying(empty, target).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("there is no vault to copy from");
    assertThat(contents(target)).isEmpty();
  }

  @Test
  void copy_finished_isLeftAsItIs() {
    copying(source, target).finish();
    FaultyStore counting = new FaultyStore(target);
    for (int i = 0; i < 2; i++) {
      Result again = i == 0 ? copying(source, counting).copy() : copying(source, counting).finish();
      assertThat(again).isEqualTo(new Result(State.FINISHED, 0, contents(source).size()));
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
    assertRefused("one of the two has been used since");
  }

  @Test
  void copy_vaultUsedSinceItsCopyWasFinished_isRefused() {
    copying(source, target).finish();
    put(source, JUNK, 0, 1);
    assertRefused("one of the two has been used since");
  }

  @Test
  void copy_anotherWritesToTheCopy_isRefused() {
    FaultyStore shared = new FaultyStore(target);
    shared.nth(Call.COMMIT, 2).before(() -> copying(source, InMemorySecretStore.open(to)).copy());
    assertThatThrownBy(() -> copying(source, shared).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("somebody else writes to the copy");
    shared.heal();
    assertThat(copying(source, shared).finish().state()).isEqualTo(State.FINISHED);
  }
}
