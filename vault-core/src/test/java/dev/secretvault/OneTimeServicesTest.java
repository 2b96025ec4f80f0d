package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.crypto.PasswordPolicy.CharacterClass;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What services that share secrets once test of themselves, as far as it applies within a process;
 * the numbers are those of the list in {@code docs/ONE-TIME.md}.
 */
class OneTimeServicesTest extends BehaviourTable {

  /** What a vault has no place for. */
  private static final Map<Integer, String> ELSEWHERE =
      Map.of(
          19, "no call has a switch that makes it do nothing: peek is a call of its own",
          21, "a vault does not open with the wrong master key, so nothing is looked at with it",
          34, "a vault knows no addresses that it could mask: notes are the application's");

  private static final String WRONG = "wrong";
  private static final String RIGHT = "right";

  private final Set<Integer> shown = new TreeSet<>();

  OneTimeServicesTest() {
    revealing();
    failing();
    ending();
    guessing();
    passphrases();
    limits();
    generating();
    telling();
  }

  private void row(String numbers, String behaviour, Shown on) {
    Matcher number = Pattern.compile("\\d+").matcher(numbers);
    while (number.find()) {
      assertThat(shown.add(Integer.valueOf(number.group()))).as("twice: %s", numbers).isTrue();
    }
    row(numbers + ": " + behaviour, on);
  }

  @Test
  void everyNumber_isShownHere_orHasItsPlaceElsewhere() {
    Set<Integer> all = new TreeSet<>(shown);
    all.addAll(ELSEWHERE.keySet());
    assertThat(all).containsExactlyElementsOf(IntStream.rangeClosed(1, 34).boxed().toList());
    assertThat(shown).doesNotContainAnyElementsOf(ELSEWHERE.keySet());
  }

  private static OneTimeSpec spec() {
    return OneTimeSpec.of("v".toCharArray());
  }

  private static SharedSecret share(SecretVault vault) {
    return vault.oneTime().share(spec());
  }

  private static SharedSecret locked(SecretVault vault, String passphrase) {
    return vault.oneTime().share(spec().passphrase(passphrase.toCharArray()));
  }

  private static String opened(SecretVault vault, SharedSecret shared) {
    try (SecretValue value = vault.oneTime().reveal(shared.link())) {
      return VaultFixture.textOf(value);
    }
  }

  private static String opened(SecretVault vault, SharedSecret shared, String passphrase) {
    try (SecretValue value = vault.oneTime().reveal(shared.link(), passphrase.toCharArray())) {
      return VaultFixture.textOf(value);
    }
  }

  private static OneTimeState state(SecretVault vault, SharedSecret shared) {
    return vault.oneTime().receipt(shared.receipt()).state();
  }

  private void revealing() {
    row(
        "O1, O6",
        "of two that have both looked, one reveals it, and for both it is gone",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          try (SecretVault other = fixture.open()) {
            for (SecretVault looker : List.of(vault, other)) {
              assertThat(looker.oneTime().peek(shared.link()).state()).isEqualTo(OneTimeState.NEW);
            }
            assertThat(opened(other, shared)).isEqualTo("v");
            refused(AlreadyRevealedException.class, () -> opened(vault, shared));
            refused(AlreadyRevealedException.class, () -> opened(other, shared));
            assertThat(state(vault, shared)).isEqualTo(OneTimeState.REVEALED);
            assertThat(fixture.stored().keySet()).noneMatch(key -> key.text().contains(".p."));
          }
        });
    row(
        "O2, O3",
        "of eight threads one reveals it, with its value",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          AtomicInteger values = new AtomicInteger();
          Racers.run(
              8,
              racer -> {
                try {
                  assertThat(opened(vault, shared)).isEqualTo("v");
                  values.incrementAndGet();
                } catch (AlreadyRevealedException lost) {
                  assertThat(lost.retryable()).isFalse();
                }
              });
          assertThat(values).hasValue(1);
        });
    row(
        "O4",
        "a second reveal is refused",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          assertThat(opened(vault, shared)).isEqualTo("v");
          refused(AlreadyRevealedException.class, () -> opened(vault, shared));
        });
    row(
        "O31",
        "looking at receipt or link changes nothing, and the link still opens",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          for (int look = 0; look < 2; look++) {
            assertThat(state(vault, shared)).isEqualTo(OneTimeState.NEW);
            assertThat(vault.oneTime().peek(shared.link()).state()).isEqualTo(OneTimeState.NEW);
          }
          assertThat(opened(vault, shared)).isEqualTo("v");
        });
  }

  private void failing() {
    row(
        "O7, O8",
        "a value that does not open stays as it was, looked at or not, and opens once it is mended",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          vault.oneTime().peek(shared.link());
          try (SecretStore store = fixture.newStore()) {
            StoredRecord intact =
                VaultFixture.stored(store).values().stream()
                    .filter(stored -> stored.key().text().contains(".p."))
                    .findAny()
                    .orElseThrow();
            store.commit(List.of(Change.put(intact.key(), 1, new byte[64])));
            refused(IntegrityException.class, () -> opened(vault, shared));
            assertThat(state(vault, shared)).isEqualTo(OneTimeState.NEW);
            store.commit(List.of(Change.delete(intact.key(), 2)));
            store.commit(List.of(Change.put(intact.key(), 0, intact.bytes())));
          }
          assertThat(opened(vault, shared)).isEqualTo("v");
        });
    row(
        "O9",
        "after a reveal that failed in the store a later one wins",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault failing = fixture.open(store)) {
            store.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
            refused(StoreFailedException.class, () -> opened(failing, shared));
          }
          assertThat(opened(vault, shared)).isEqualTo("v");
        });
    row(
        "O30",
        "what was sealed before a rotation of keys opens after it, and is told from what was after",
        (fixture, vault) -> {
          SharedSecret before = share(vault);
          int epoch = vault.keys().rotate();
          SharedSecret after = share(vault);
          assertThat(vault.keys().keysInUse())
              .filteredOn(key -> key.records() > 0)
              .extracting(KeyEpoch::number)
              .containsExactly(epoch - 1, epoch);
          assertThat(opened(vault, before) + opened(vault, after)).isEqualTo("vv");
        });
  }

  private void ending() {
    row(
        "O5",
        "of two that burn it, or burn and reveal it, one ends it",
        (fixture, vault) -> {
          SharedSecret burned = share(vault);
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault late = fixture.open(store)) {
            store.nth(Call.COMMIT, 1).before(() -> vault.oneTime().burn(burned.receipt()));
            assertThat(late.oneTime().burn(burned.receipt()).state())
                .isEqualTo(OneTimeState.BURNED);
            SharedSecret revealed = share(vault);
            store.nth(Call.COMMIT, 1).before(() -> opened(vault, revealed));
            assertThat(late.oneTime().burn(revealed.receipt()).state())
                .isEqualTo(OneTimeState.REVEALED);
          }
          assertThat(fixture.stored().keySet()).noneMatch(key -> key.text().contains(".p."));
        });
    row(
        "O10",
        "who has found it before it was forgotten ends nothing, and brings nothing back",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault late = fixture.open(store)) {
            store
                .nth(Call.COMMIT, 1)
                .before(
                    () -> {
                      opened(vault, shared);
                      fixture.clock.advance(OneTimeSpec.DEFAULT_TIME_TO_LIVE.multipliedBy(2));
                      vault.sweep();
                    });
            refused(SecretNotFoundException.class, () -> opened(late, shared));
          }
          assertThat(fixture.stored()).containsOnlyKeys(HeaderRecord.KEY);
        });
    row(
        "O11",
        "the end makes neither link nor receipt live longer",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          fixture.clock.advance(SECOND);
          opened(vault, shared);
          Receipt ended = vault.oneTime().receipt(shared.receipt());
          assertThat(ended.expiresAt()).isEqualTo(shared.details().expiresAt());
          assertThat(ended.receiptTimeLeft())
              .isEqualTo(shared.details().receiptTimeLeft().minus(SECOND));
        });
    row(
        "O12",
        "who has found it before it was burned is refused, and it stays burned",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault late = fixture.open(store)) {
            store.nth(Call.COMMIT, 1).before(() -> vault.oneTime().burn(shared.receipt()));
            refused(SecretNotFoundException.class, () -> opened(late, shared));
          }
          assertThat(state(vault, shared)).isEqualTo(OneTimeState.BURNED);
        });
    row(
        "O17",
        "burning takes the receipt alone: it can be done while wrong guesses lock the link",
        (fixture, vault) -> {
          SharedSecret shared = locked(vault, RIGHT);
          guessWrong(vault, shared, 5, "ann");
          refused(
              PassphraseLockedException.class,
              () -> vault.oneTime().reveal(shared.link(), RIGHT.toCharArray(), "ann"));
          assertThat(vault.oneTime().burn(shared.receipt()).state()).isEqualTo(OneTimeState.BURNED);
        });
    row(
        "O20",
        "burning what was revealed changes nothing, and says so",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          opened(vault, shared);
          Receipt revealed = vault.oneTime().receipt(shared.receipt());
          assertThat(vault.oneTime().burn(shared.receipt())).isEqualTo(revealed);
        });
    row(
        "O32",
        "no receipt shows a link or a value, whatever became of it",
        (fixture, vault) -> {
          SharedSecret shared = share(vault);
          for (int look = 0; look < 2; look++) {
            Receipt receipt = vault.oneTime().receipt(shared.receipt());
            assertThat(receipt.toString() + receipt.note() + receipt.labels())
                .doesNotContain(shared.link().substring(0, 16));
            assertThat(vault.oneTime().takeGenerated(shared.receipt())).isEmpty();
            vault.oneTime().burn(shared.receipt());
          }
        });
  }

  private static void guessWrong(SecretVault vault, SharedSecret at, int times, String caller) {
    for (int i = 0; i < times; i++) {
      refused(
          WrongPassphraseException.class,
          () -> vault.oneTime().reveal(at.link(), WRONG.toCharArray(), caller));
    }
  }

  private void guessing() {
    row(
        "O13",
        "five wrong guesses of one caller lock that caller out, and nobody else",
        (fixture, vault) -> {
          SharedSecret shared = locked(vault, RIGHT);
          guessWrong(vault, shared, 5, "ann");
          assertThatThrownBy(
                  () -> vault.oneTime().reveal(shared.link(), RIGHT.toCharArray(), "ann"))
              .isInstanceOfSatisfying(
                  PassphraseLockedException.class, e -> assertThat(e.retryAfter()).isPositive());
          guessWrong(vault, shared, 1, "bob");
          assertThat(opened(vault, shared, RIGHT)).isEqualTo("v");
        });
    row(
        "O14",
        "five wrong guesses of nobody in particular lock nobody out, twenty do, for all processes",
        (fixture, vault) -> {
          SharedSecret shared = locked(vault, RIGHT);
          try (SecretVault other = fixture.open()) {
            for (int guess = 1; guess <= 20; guess++) {
              SecretVault guesser = guess % 2 == 0 ? vault : other;
              refused(WrongPassphraseException.class, () -> opened(guesser, shared, WRONG));
            }
            refused(PassphraseLockedException.class, () -> opened(vault, shared, RIGHT));
            refused(PassphraseLockedException.class, () -> opened(other, shared, RIGHT));
          }
          fixture.clock.advance(SECOND.multipliedBy(1_800));
          assertThat(opened(vault, shared, RIGHT)).isEqualTo("v");
        });
    row(
        "O15",
        "twenty wrong guesses of twenty callers lock out everybody",
        (fixture, vault) -> {
          SharedSecret shared = locked(vault, RIGHT);
          for (int caller = 0; caller < 20; caller++) {
            guessWrong(vault, shared, 1, "caller-" + caller);
          }
          refused(
              PassphraseLockedException.class,
              () -> vault.oneTime().reveal(shared.link(), RIGHT.toCharArray(), "fresh"));
          refused(PassphraseLockedException.class, () -> opened(vault, shared, RIGHT));
        });
    row(
        "O16",
        "an empty link is no link, and an empty caller none",
        (fixture, vault) -> {
          SharedSecret shared = locked(vault, RIGHT);
          refused("link: ", () -> vault.oneTime().reveal("", RIGHT.toCharArray()));
          refused(
              "caller: 1 to ",
              () -> vault.oneTime().reveal(shared.link(), RIGHT.toCharArray(), ""));
          assertThat(opened(vault, shared, RIGHT)).isEqualTo("v");
        });
    row(
        "O18",
        "a right guess after a wrong one works, and nothing is left of the count",
        (fixture, vault) -> {
          SharedSecret shared = locked(vault, RIGHT);
          guessWrong(vault, shared, 4, "ann");
          vault.oneTime().reveal(shared.link(), RIGHT.toCharArray(), "ann").close();
          assertThat(fixture.stored().keySet()).noneMatch(key -> key.text().contains(".a."));
        });
  }

  private void passphrases() {
    row(
        "O26",
        "a passphrase is any text: right is right, and nothing like it is",
        (fixture, vault) -> {
          for (String passphrase :
              List.of(
                  "correct horse", "пароль-密码-🔐", "!@#$%^&*()", "a".repeat(256), "aBc", "   ")) {
            SharedSecret shared = locked(vault, passphrase);
            for (String wrong : List.of(passphrase + " ", passphrase.substring(1) + "x", "x")) {
              refused(WrongPassphraseException.class, () -> opened(vault, shared, wrong));
            }
            refused(WrongPassphraseException.class, () -> opened(vault, shared));
            assertThat(opened(vault, shared, passphrase)).isEqualTo("v");
          }
          SharedSecret cased = locked(vault, "aBc");
          refused(WrongPassphraseException.class, () -> opened(vault, cased, "AbC"));
        });
    row(
        "O25, O27",
        "a passphrase has at least one character, and at most as many as a master key's",
        (fixture, vault) -> {
          int most = MasterKey.MAX_PASSPHRASE_CHARS;
          refused("passphrase: 1 to ", () -> spec().passphrase(new char[0]));
          refused("passphrase: 1 to ", () -> spec().passphrase(new char[most + 1]));
          assertThat(opened(vault, locked(vault, "x".repeat(most)), "x".repeat(most)))
              .isEqualTo("v");
          SharedSecret open = share(vault);
          refused("passphrase: 1 to ", () -> opened(vault, open, ""));
          assertThat(opened(vault, open, "any")).as("it has none").isEqualTo("v");
        });
  }

  private void limits() {
    row(
        "O22",
        "the size of a value is counted in bytes",
        (fixture, vault) -> {
          for (String fits : List.of("x".repeat(8), "é".repeat(4))) {
            vault.oneTime().share(OneTimeSpec.of(fits.toCharArray()).maxBytes(8));
          }
          for (String tooLong : List.of("x".repeat(9), "é".repeat(5))) {
            refused(
                "value: at most 8 bytes",
                () -> vault.oneTime().share(OneTimeSpec.of(tooLong.toCharArray()).maxBytes(8)));
          }
          assertThat(vault.oneTime().recent(10).items()).hasSize(2);
        });
    row(
        "O23, O24",
        "a time to live is refused or put right if it is not one of a minute to 365 days",
        (fixture, vault) -> {
          for (int kept : new int[] {60, 300, 1_800, 3_600, 1_209_600, 2_592_000, 31_536_000}) {
            assertThat(timeToLive(vault, kept)).isEqualTo(kept);
            spec().expiresAfter(Duration.ofSeconds(kept));
          }
          for (int raised : new int[] {30, 0, -1}) {
            assertThat(timeToLive(vault, raised)).isEqualTo(60);
            refused("expiresAfter: ", () -> spec().expiresAfter(Duration.ofSeconds(raised)));
          }
          assertThat(timeToLive(vault, 31_536_001)).isEqualTo(31_536_000);
          assertThat(share(vault).details().timeLeft()).isEqualTo(Duration.ofDays(7));
        });
  }

  private static long timeToLive(SecretVault vault, long seconds) {
    OneTimeSpec clamped = spec().expiresAfterClamped(Duration.ofSeconds(seconds));
    return vault.oneTime().share(clamped).details().timeLeft().toSeconds();
  }

  private void generating() {
    row(
        "O28, O29",
        "a generated value is of the classes that are asked for, at most 128 characters",
        (fixture, vault) -> {
          PasswordPolicy lower = PasswordPolicy.ofLength(8).withClasses(CharacterClass.LOWERCASE);
          assertThat(generated(vault, lower)).matches("[a-z]{8}");
          assertThat(generated(vault, PasswordPolicy.ofLength(16)))
              .hasSize(16)
              .matches("(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9]).*");
          assertThat(generated(vault, PasswordPolicy.ofLength(128))).hasSize(128);
          refused("length: ", () -> PasswordPolicy.ofLength(50_000_000));
        });
  }

  private static String generated(SecretVault vault, PasswordPolicy policy) {
    return opened(vault, vault.oneTime().generate(OneTimeSpec.generated(policy)));
  }

  private void telling() {
    row(
        "O33",
        "who acted is told if it is known, and no log has a note",
        (fixture, unused) -> {
          try (SecretVault vault =
              fixture.builder(fixture.newStore()).audit(AuditPolicy.keep(10)).open()) {
            SharedSecret shared = vault.actingAs("ann").oneTime().share(spec().note("for dave@d"));
            opened(vault, shared);
            List<AuditEvent> events = vault.audit().list(AuditQuery.all()).items();
            assertThat(events).extracting(AuditEvent::actor).containsExactly("ann", null);
            assertThat(events + " " + shared + shared.details()).doesNotContain("dave");
          }
        });
  }
}
