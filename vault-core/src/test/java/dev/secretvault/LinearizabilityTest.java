package dev.secretvault;

import static dev.secretvault.Linearizability.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.Linearizability.Call;
import dev.secretvault.Question.Create;
import dev.secretvault.Question.Delete;
import dev.secretvault.Question.Find;
import dev.secretvault.Question.Reveal;
import dev.secretvault.Question.Secret;
import dev.secretvault.Question.Turn;
import dev.secretvault.Question.Update;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the check of histories accepts and refuses: by hand, by chance, and of broken stores. */
class LinearizabilityTest {

  private static final long SEED =
      Long.getLong("secretvault.histories.seed", new Random().nextLong());
  private static final int HISTORIES = 100;
  private static final int TRIES = 50;

  private static final Secret FRESH = new Secret("1", true, SecretState.ACTIVE, 1, "");
  private static final Secret GONE = FRESH.next(SecretState.REVEALED, "");

  private final List<Call> history = new ArrayList<>();

  private void call(long begun, long ended, Question question, @Nullable Object answer) {
    history.add(new Call("a", question, answer, begun, ended));
  }

  private void accepted() {
    assertThat(Linearizability.unexplained(history)).isEmpty();
  }

  private void refused() {
    assertThat(Linearizability.unexplained(history)).containsExactlyInAnyOrderElementsOf(history);
  }

  @Test
  void callsAtOnce_mayComeAboutInAnyOrder() {
    call(0, 9, new Create(FRESH), FRESH);
    call(1, 8, new Reveal(null), SecretNotFoundException.class);
    call(2, 7, new Reveal(null), "1");
    call(3, 6, new Find("1"), GONE);
    accepted();
  }

  @Test
  void callsOneAfterTheOther_comeAboutInThatOrder() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, 3, new Reveal(null), SecretNotFoundException.class);
    refused();
  }

  @Test
  void aRevealOfWhichNothingIsKnown_mayHaveTakenTheValue() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, OPEN, new Reveal("1"), null);
    call(3, 4, new Reveal("1"), AlreadyRevealedException.class);
    accepted();
  }

  @Test
  void aRevealOfWhichNothingIsKnown_mayNotHave() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, OPEN, new Reveal("1"), null);
    call(3, 4, new Reveal("1"), "1");
    accepted();
  }

  @Test
  void whatNobodyKnows_mayComeAboutLate_butOnce() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, OPEN, new Turn("1", SecretState.INACTIVE), null);
    call(3, 4, new Find("1"), FRESH);
    call(5, 6, new Reveal("1"), SecretNotActiveException.class);
    accepted();
    call(7, 8, new Find("1"), FRESH);
    refused();
  }

  @Test
  void aRevealThatIsLost_isNotForgotten() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, OPEN, new Reveal("1"), null);
    call(3, 4, new Find("1"), GONE);
    accepted();
    call(5, 6, new Reveal("1"), "1");
    refused();
  }

  @Test
  void oneOfTwoReveals_isTheFirst() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, 5, new Reveal("1"), "1");
    call(3, 4, new Reveal("1"), "1");
    refused();
  }

  @Test
  void whatIsOverInCallsAtOnce_isReadOldNoMore() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, 9, new Delete("1"), true);
    call(3, 4, new Find(null), SecretNotFoundException.class);
    call(5, 6, new Find(null), FRESH);
    refused();
  }

  @Test
  void twoUpdatesOfOneRevision_haveOneWinner() {
    call(0, 1, new Create(FRESH), FRESH);
    call(2, 5, new Update("1", 1, "x"), FRESH.next(SecretState.ACTIVE, "x"));
    call(3, 4, new Update("1", 1, "y"), FRESH.next(SecretState.ACTIVE, "y"));
    refused();
  }

  /** In memory, through a few vaults, with failures after which somebody does not know. */
  private static List<Call> record(long seed, int number) {
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    Random random = new Random(seed + number);
    List<SecretStore> stores = new ArrayList<>();
    List<FaultyStore> faulty = new ArrayList<>();
    for (int node = 0; node < 2; node++) {
      FaultyStore store = new FaultyStore(InMemorySecretStore.open(medium));
      faulty.add(store);
      stores.add(store);
    }
    try (HistoryRecorder recorder = new HistoryRecorder(stores)) {
      Fault[] faults = Fault.values();
      for (FaultyStore store : faulty) {
        for (int i = 0; i < 3; i++) {
          store
              .nth(FaultyStore.Call.COMMIT, 1 + random.nextInt(30))
              .fails(faults[random.nextInt(faults.length)]);
        }
      }
      return recorder.record("history", seed + 100L * number, 4, 25);
    }
  }

  @Test
  void ofGoodHistories_allAreAccepted_andWithAFlaw_allAreRefused() {
    System.out.println("histories in memory: -Dsecretvault.histories.seed=" + SEED);
    Random random = new Random(SEED);
    Map<HistoryFlaw, Integer> spoilt = new EnumMap<>(HistoryFlaw.class);
    long open = 0;
    for (int number = 0; number < HISTORIES; number++) {
      List<Call> good = record(SEED, number);
      open += good.stream().filter(call -> call.answer() == null).count();
      assertThat(Linearizability.unexplained(good)).as("seed %s, %s", SEED, number).isEmpty();
      for (HistoryFlaw flaw : HistoryFlaw.values()) {
        flaw.spoil(good, random)
            .ifPresent(
                bad -> {
                  spoilt.merge(flaw, 1, Integer::sum);
                  assertThat(Linearizability.unexplained(bad))
                      .as("%s, seed %s: %s", flaw, SEED, bad)
                      .isNotEmpty();
                });
      }
    }
    System.out.println(open + " calls of unknown outcome; refused: " + spoilt);
    assertThat(open).as("calls of unknown outcome").isGreaterThan(HISTORIES / 2);
    assertThat(spoilt.keySet()).containsExactlyInAnyOrder(HistoryFlaw.values());
    assertThat(spoilt.values()).allSatisfy(count -> assertThat(count).isGreaterThan(HISTORIES / 4));
  }

  @ParameterizedTest
  @EnumSource
  void aBrokenStore_isFoundOut(BrokenPromise promise) {
    int found = 0;
    for (int number = 1; number <= TRIES; number++) {
      InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
      new HistoryRecorder(List.of(InMemorySecretStore.open(medium))).close();
      List<SecretStore> stores = new ArrayList<>();
      for (int node = 0; node < 2; node++) {
        stores.add(promise.breakIn(InMemorySecretStore.open(medium), SEED + number));
      }
      try (HistoryRecorder recorder = new HistoryRecorder(stores)) {
        List<Call> seen = recorder.record("history", SEED + 100L * number, 4, 25);
        found += Linearizability.unexplained(seen).isEmpty() ? 0 : 1;
      }
    }
    System.out.println(promise + " was found out by " + found + " of " + TRIES + " histories");
    assertThat(found).as("histories of %s, seed %s", TRIES, SEED).isGreaterThan(TRIES / 5);
  }
}
