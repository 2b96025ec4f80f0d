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
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.IntegrityException;
import dev.secretvault.ListQuery;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretVault;
import dev.secretvault.cli.VaultCopy.Result;
import dev.secretvault.cli.VaultCopy.State;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A vault is moved as a whole: at any moment there is one, or none that can be opened. */
@Timeout(60)
class VaultMoveTest {
  private static final RecordKey JUNK = new RecordKey("junk");

  private final InMemorySecretStore.Medium from = new InMemorySecretStore.Medium();
  private final InMemorySecretStore.Medium to = new InMemorySecretStore.Medium();
  private final SecretStore source = InMemorySecretStore.open(from);
  private final SecretStore target = InMemorySecretStore.open(to);
  private final CopyFixture fixture = new CopyFixture(CopyFixture.seeded("move"));

  @BeforeEach
  void createVault() {
    try (SecretVault vault = openedOrCreated()) {
      fixture.use(vault, 20);
    }
  }

  private SecretVault openedOrCreated() {
    return CopyFixture.vault(InMemorySecretStore.open(from));
  }

  private static void put(SecretStore store, RecordKey key, long expected, int content) {
    store.commit(List.of(Change.put(key, expected, new byte[] {(byte) content})));
  }

  private static final List<Call> CALLS = List.of(Call.READ, Call.SCAN, Call.COMMIT);

  private static boolean isVault(InMemorySecretStore.Medium medium) {
    return InMemorySecretStore.open(medium).read(CopySource.HEADER).isPresent();
  }

  @Test
  void finish_vaultThatIsAlwaysInUse_isRefused() {
    FaultyStore busy = new FaultyStore(source);
    long[] revision = {0};
    busy.from(Call.SCAN, 1).after(() -> put(source, JUNK, revision[0]++, 1));
    Refusal refusal = catchThrowableOfType(Refusal.class, () -> copying(busy, target).finish());
    assertThat(refusal).hasMessageContaining("stop all that uses the vault");
    assertThat(refusal.exitCode()).isEqualTo(Main.REFUSED);
    assertNoVault(InMemorySecretStore.open(to));
    State behind = copying(busy, target).copy().state();
    assertThat(behind).isEqualTo(State.BEHIND);
    assertThat(behind.exitCode()).isEqualTo(Main.REFUSED);
    busy.heal();
    assertThat(copying(busy, target).finish().state()).isEqualTo(State.FINISHED);
    assertMoved(source, target);
  }

  /** What an open vault commits at any moment is in the copy, or is refused. */
  @Test
  void finish_oneChangeAtAnyMoment_isNotLost() {
    long header = source.read(CopySource.HEADER).orElseThrow().revision();
    List<Change> change =
        List.of(Change.require(CopySource.HEADER, header), Change.put(JUNK, 0, new byte[] {7}));
    int[] outcomes = new int[2];
    for (int side = 0; side < 2; side++) {
      for (Call call : CALLS) {
        boolean more = true;
        for (int n = 1; more; n++) {
          InMemorySecretStore.Medium used = cloneOf(source);
          SecretStore copy = InMemorySecretStore.open(new InMemorySecretStore.Medium());
          FaultyStore read = new FaultyStore(InMemorySecretStore.open(used));
          FaultyStore written = new FaultyStore(copy);
          AtomicBoolean acknowledged = new AtomicBoolean();
          List.of(read, written)
              .get(side)
              .nth(call, n)
              .before(() -> acknowledged.set(isCommitted(used, change)));
          assertThat(copying(read, written).finish().state()).isEqualTo(State.FINISHED);
          assertMoved(InMemorySecretStore.open(used), copy);
          assertThat(copy.read(JUNK).isPresent())
              .as("%s %d", call, n)
              .isEqualTo(acknowledged.get());
          more = n < List.of(read, written).get(side).calls(call);
          outcomes[acknowledged.get() ? 1 : 0]++;
        }
      }
    }
    assertThat(outcomes).doesNotContain(0);
  }

  private static boolean isCommitted(InMemorySecretStore.Medium medium, List<Change> change) {
    try {
      InMemorySecretStore.open(medium).commit(change);
      return true;
    } catch (RevisionConflictException refused) {
      return false;
    }
  }

  @Test
  void finish_keysChangedMeanwhile_hasTheHeaderOfItsRecords() {
    FaultyStore changing = new FaultyStore(source);
    changing
        .nth(Call.SCAN, 2)
        .after(
            () -> {
              try (SecretVault vault = openedOrCreated()) {
                vault.keys().rotate();
                vault.keys().reencrypt(state -> {});
              }
            });
    assertThat(copying(changing, target).finish().state()).isEqualTo(State.FINISHED);
    assertMoved(source, target);
    try (SecretVault copy = CopyFixture.openExisting(InMemorySecretStore.open(to))) {
      assertThat(CopyFixture.answers(copy)).hasSizeGreaterThan(5);
    }
  }

  /** Wherever it breaks off, there is one vault, or none, and it goes on from there. */
  @Test
  void finish_anyCommitFails_goesOnWhereItWas() {
    breakOffAtAnyCommit(
        (used, medium, finished) -> {
          SecretStore store = InMemorySecretStore.open(used);
          int there = copied(InMemorySecretStore.open(medium)).size();
          Result result = copying(store, InMemorySecretStore.open(medium)).finish();
          int records = contents(source).size();
          assertThat(result)
              .isEqualTo(new Result(State.FINISHED, finished ? 0 : records - there, records));
          assertMoved(store, InMemorySecretStore.open(medium));
        });
  }

  @Test
  void undo_whereverItBrokeOff_opensTheVaultUnlessItWasMoved() {
    breakOffAtAnyCommit(
        (used, medium, finished) -> {
          SecretStore store = InMemorySecretStore.open(used);
          boolean fenced = CopySource.of(store).isFenced();
          Optional<SecretStore> copy = Optional.of(InMemorySecretStore.open(medium));
          if (fenced && !finished) {
            VaultCopy.undo(store, copy);
          } else {
            assertThatThrownBy(() -> VaultCopy.undo(store, copy))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining(finished ? "the copy is the vault now" : "nothing to undo");
          }
          if (!finished) {
            assertThat(contents(store)).isEqualTo(contents(source));
            assertThat(copying(store, copy.get()).finish().state()).isEqualTo(State.FINISHED);
          }
        });
  }

  private interface Resuming {
    void run(InMemorySecretStore.Medium used, InMemorySecretStore.Medium copy, boolean finished);
  }

  private void breakOffAtAnyCommit(Resuming resuming) {
    for (int side = 0; side < 2; side++) {
      int commits = side == 0 ? 1 : commits(source, true);
      for (Fault fault : Fault.values()) {
        for (int n = 1; n <= commits; n++) {
          InMemorySecretStore.Medium used = cloneOf(source);
          InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
          FaultyStore read = new FaultyStore(InMemorySecretStore.open(used));
          FaultyStore written = new FaultyStore(InMemorySecretStore.open(medium));
          List.of(read, written).get(side).nth(Call.COMMIT, n).fails(fault);
          assertThatThrownBy(() -> copying(read, written).finish())
              .isInstanceOf(StoreException.class);
          boolean finished = side == 1 && n == commits && fault == Fault.UNKNOWN_WRITTEN;
          assertThat(isVault(medium)).isEqualTo(finished);
          assertThat(isVault(used) && isVault(medium)).isFalse();
          resuming.run(used, medium, finished);
        }
      }
    }
  }

  /** Whoever has the vault open is stopped by one commit, and goes on after another. */
  @Test
  void finish_brokenOff_stopsThoseWhoHaveTheVaultOpen() {
    FaultyStore failing = new FaultyStore(target);
    failing.from(Call.COMMIT, commits(source, true)).fails(Fault.NOT_WRITTEN);
    try (SecretVault vault = openedOrCreated()) {
      List<SecretInfo> secrets = vault.list(ListQuery.all()).items();
      assertThatThrownBy(() -> copying(source, failing).finish())
          .isInstanceOf(StoreException.class);
      List<String> fenced = contents(source);
      for (SecretInfo secret : secrets) {
        assertThatThrownBy(() -> vault.delete(secret.id())).isInstanceOf(IntegrityException.class);
      }
      assertThatThrownBy(() -> vault.create(SecretSpec.named("late").value("x".toCharArray())))
          .isInstanceOf(IntegrityException.class);
      assertThat(contents(source)).isEqualTo(fenced);
      assertThatThrownBy(() -> copying(source, target).copy())
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("--undo to go back");
      VaultCopy.undo(source, Optional.of(target));
      vault.create(SecretSpec.named("late").value("x".toCharArray())).close();
    }
  }

  /** Of finishing and undoing at the same time, one is refused, and there are never two vaults. */
  @Test
  void undo_atAnyCommitOfTheOther_leavesOneVault() {
    for (int moment = 0; moment < 4; moment++) {
      InMemorySecretStore.Medium used = cloneOf(source);
      InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
      Optional<SecretStore> copy = Optional.of(InMemorySecretStore.open(medium));
      FaultyStore failing = new FaultyStore(copy.get());
      failing.from(Call.COMMIT, commits(source, true)).fails(Fault.NOT_WRITTEN);
      assertThatThrownBy(() -> copying(InMemorySecretStore.open(used), failing).finish())
          .isInstanceOf(StoreException.class);
      FaultyStore read = new FaultyStore(InMemorySecretStore.open(used));
      FaultyStore written = new FaultyStore(copy.get());
      AtomicBoolean undone = new AtomicBoolean();
      Runnable undoing =
          () -> {
            VaultCopy.undo(InMemorySecretStore.open(used), copy);
            undone.set(true);
          };
      switch (moment) {
        case 0 -> written.nth(Call.COMMIT, 1).before(undoing);
        case 1 -> written.nth(Call.COMMIT, 1).after(undoing);
        case 2 -> read.nth(Call.COMMIT, 1).before(undoing);
        default -> written.nth(Call.COMMIT, 2).before(undoing);
      }
      assertThatThrownBy(() -> copying(read, written).finish())
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("somebody else writes");
      assertThat(undone).isTrue();
      assertThat(isVault(used)).isTrue();
      assertThat(isVault(medium)).isFalse();
    }
  }

  /** And the other way round. */
  @Test
  void finish_atAnyCommitOfUndo_leavesOneVault() {
    for (int moment = 0; moment < 3; moment++) {
      InMemorySecretStore.Medium used = cloneOf(source);
      InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
      SecretStore copy = InMemorySecretStore.open(medium);
      FaultyStore failing = new FaultyStore(copy);
      failing.from(Call.COMMIT, commits(source, true)).fails(Fault.NOT_WRITTEN);
      assertThatThrownBy(() -> copying(InMemorySecretStore.open(used), failing).finish())
          .isInstanceOf(StoreException.class);
      FaultyStore read = new FaultyStore(InMemorySecretStore.open(used));
      FaultyStore written = new FaultyStore(copy);
      Runnable finishing = () -> copying(InMemorySecretStore.open(used), copy).finish();
      switch (moment) {
        case 0 -> written.nth(Call.COMMIT, 1).before(finishing);
        case 1 -> written.nth(Call.COMMIT, 1).after(finishing);
        default -> read.nth(Call.COMMIT, 1).before(finishing);
      }
      assertThatThrownBy(() -> VaultCopy.undo(read, Optional.of(written)))
          .isInstanceOf(Refusal.class);
      assertMoved(InMemorySecretStore.open(used), copy);
    }
  }

  /** A vault is fenced for one copy, and no other can be finished. */
  @Test
  void finish_anotherCopyOfAVaultThatIsMoved_isRefused() {
    SecretStore other = InMemorySecretStore.open(new InMemorySecretStore.Medium());
    copying(source, other).copy();
    copying(source, target).finish();
    SecretStore empty = InMemorySecretStore.open(new InMemorySecretStore.Medium());
    for (SecretStore place : List.of(other, empty)) {
      List<String> before = contents(place);
      assertThatThrownBy(() -> copying(source, place).finish())
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("to another place");
      assertThatThrownBy(() -> VaultCopy.undo(source, Optional.of(place)))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("to another place");
      assertThat(contents(place)).isEqualTo(before);
    }
    assertMoved(source, target);
    assertThatThrownBy(() -> copying(target, source).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("where a vault was moved from");
  }

  /** A vault that is closed for one copy says nothing of another vault. */
  @Test
  void finishAndUndo_whereAnotherVaultIs_areRefused() {
    FaultyStore failing = new FaultyStore(target);
    failing.from(Call.COMMIT, commits(source, true)).fails(Fault.NOT_WRITTEN);
    assertThatThrownBy(() -> copying(source, failing).finish()).isInstanceOf(StoreException.class);
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    CopyFixture.vault(InMemorySecretStore.open(medium)).close();
    SecretStore other = InMemorySecretStore.open(medium);
    List<String> before = contents(other);
    List<String> fenced = contents(source);
    List<ThrowingCallable> runs =
        List.of(
            () -> copying(source, other).finish(),
            () -> copying(source, other).copy(),
            () -> VaultCopy.undo(source, Optional.of(other)));
    for (ThrowingCallable run : runs) {
      assertThatThrownBy(run)
          .isInstanceOf(Refusal.class)
          .hasMessage("another vault is there: name the copy's place with --to");
    }
    assertThat(contents(other)).isEqualTo(before);
    assertThat(contents(source)).isEqualTo(fenced);
    assertThat(copying(source, target).finish().state()).isEqualTo(State.FINISHED);
  }

  private void closeFor(SecretStore copy) {
    FaultyStore failing = new FaultyStore(copy);
    failing.nth(Call.COMMIT, 2).fails(Fault.NOT_WRITTEN);
    assertThatThrownBy(() -> copying(source, failing).finish()).isInstanceOf(StoreException.class);
    assertThat(CopySource.of(source).isFenced()).isTrue();
  }

  /** Only the mark changes then, which a run that has nothing to commit does not see. */
  @Test
  void copy_vaultClosedMeanwhile_isNotSaidToBeInStep() {
    copying(source, target).copy();
    FaultyStore read = new FaultyStore(source);
    read.nth(Call.SCAN, 1).before(() -> closeFor(target));
    assertThatThrownBy(() -> copying(read, target).copy())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("the vault is being moved");
    assertThat(copying(source, target).finish().state()).isEqualTo(State.FINISHED);
    assertMoved(source, target);
  }

  @Test
  void finish_copyPutBackAsItWasBefore_isRefusedAndUndone() {
    copying(source, target).copy();
    SecretStore earlier = InMemorySecretStore.open(cloneOf(target));
    closeFor(target);
    assertThatThrownBy(() -> copying(source, earlier).finish())
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("run this again with --undo --to");
    VaultCopy.undo(source, Optional.of(earlier));
    assertThat(copying(source, earlier).finish().state()).isEqualTo(State.FINISHED);
    assertMoved(source, earlier);
  }

  @Test
  void copy_targetReadsOtherwise_isNoticed() {
    for (FalseStore.Flaw flaw : FalseStore.Flaw.values()) {
      for (int sound = 0; sound < 2; sound++) {
        InMemorySecretStore.Medium used = cloneOf(source);
        SecretStore store = InMemorySecretStore.open(used);
        InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
        SecretStore copy = InMemorySecretStore.open(medium);
        SecretStore reading = FalseStore.of(copy, flaw, sound);
        if (flaw == FalseStore.Flaw.NONE) {
          assertThat(copying(store, reading).finish().state()).isEqualTo(State.FINISHED);
          continue;
        }
        assertThatThrownBy(() -> copying(store, reading).finish(), "%s", flaw)
            .isInstanceOf(Refusal.class)
            .hasMessageContaining(
                sound == 0 ? "the copy differs" : "does not read as it was written");
        assertNoVault(InMemorySecretStore.open(medium));
        if (sound > 0) {
          VaultCopy.undo(store, Optional.of(copy));
        }
        assertThat(contents(store)).isEqualTo(contents(source));
      }
    }
  }

  /** The header is read back, as nothing opens without it. */
  @Test
  void requireHeader_thatReadsOtherwise_isRefused() {
    copying(source, target).finish();
    VaultCopy.requireHeader(source, target);
    StoredRecord header = target.read(CopySource.HEADER).orElseThrow();
    StoredRecord other =
        new StoredRecord(CopySource.HEADER, header.revision() + 1, null, header.bytes());
    for (Change falsifying :
        List.of(
            Change.copy(other, header.revision()),
            Change.delete(CopySource.HEADER, other.revision()))) {
      target.commit(List.of(falsifying));
      assertThatThrownBy(() -> VaultCopy.requireHeader(source, target))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("the copy's header does not read as it was written");
    }
    VaultCopy.undo(source, Optional.empty());
    openedOrCreated().close();
  }
}
