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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What services that share secrets once test of themselves, as far as a vault has it for any secret
 * of {@link Disclosure#ONCE}, a row for each.
 *
 * <p>Not here, as tests of one-time secrets show them: burning, receipts and their fates, looking
 * at a link, times to live that are put right. Not in a process: web sessions, who is told of what
 * by mail, masked addresses, plans of customers, and looking at secrets with the wrong key of the
 * service, as a vault does not open with it.
 */
class ShareServicesTest extends BehaviourTable {

  private static final char[] WRONG = "wrong".toCharArray();

  ShareServicesTest() {
    revealing();
    guessing();
    passphrases();
    sizes();
    keys();
  }

  private void revealing() {
    row(
        "of two that have both seen it, one reveals a secret, and it is gone for both",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          try (SecretVault other = fixture.open()) {
            assertThat(other.describe(id)).isEqualTo(vault.describe(id));
            assertThat(reveal(other, "link")).isEqualTo("v");
            refused(AlreadyRevealedException.class, () -> vault.reveal(id));
            refused(AlreadyRevealedException.class, () -> other.reveal(id));
            assertThat(vault.describe(id).state()).isEqualTo(SecretState.REVEALED);
          }
        });
    row(
        "of eight threads one reveals a secret, with its value",
        (fixture, vault) -> {
          once(vault, "link");
          AtomicInteger values = new AtomicInteger();
          Racers.run(
              8,
              racer -> {
                try {
                  assertThat(reveal(vault, "link")).isEqualTo("v");
                  values.incrementAndGet();
                } catch (AlreadyRevealedException lost) {
                  assertThat(lost.retryable()).isFalse();
                }
              });
          assertThat(values).hasValue(1);
        });
    row(
        "a value that does not open stays, with its state, and is revealed once it is mended",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          try (SecretStore store = fixture.newStore()) {
            StoredRecord intact =
                VaultFixture.stored(store).values().stream()
                    .filter(stored -> stored.key().text().endsWith(".v." + id + ".1"))
                    .findAny()
                    .orElseThrow();
            store.commit(List.of(Change.put(intact.key(), 1, new byte[64])));
            refused(IntegrityException.class, () -> vault.reveal(id));
            assertThat(vault.describe(id).state()).isEqualTo(SecretState.ACTIVE);
            store.commit(List.of(Change.delete(intact.key(), 2)));
            store.commit(List.of(Change.put(intact.key(), 0, intact.bytes())));
          }
          assertThat(reveal(vault, "link")).isEqualTo("v");
        });
    row(
        "after a reveal that failed in the store a later one wins",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault failing = fixture.open(store)) {
            store.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
            refused(StoreFailedException.class, () -> failing.reveal(id));
          }
          assertThat(reveal(vault, "link")).isEqualTo("v");
        });
    row(
        "who has seen a secret before it was removed reveals nothing, and brings nothing back",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault late = fixture.open(store)) {
            assertThat(late.describe(id).name()).isEqualTo("link");
            store.nth(Call.COMMIT, 1).before(() -> vault.delete(id));
            refused(SecretNotFoundException.class, () -> late.reveal(id));
          }
          try (SecretStore left = fixture.newStore()) {
            assertThat(VaultFixture.stored(left)).containsOnlyKeys(HeaderRecord.KEY);
          }
        });
    row(
        "revealing a secret makes its record live no longer",
        (fixture, vault) -> {
          Instant end = VaultFixture.START.plusSeconds(9);
          SecretSpec spec = text("link", "v").active().disclosure(Disclosure.ONCE);
          SecretId id = create(vault, spec.expiresAt(end));
          fixture.clock.advance(SECOND);
          reveal(vault, "link");
          assertThat(vault.describe(id).expiresAt()).isEqualTo(end);
        });
  }

  private static SecretId locked(SecretVault vault) {
    return create(vault, text("web", "v").active().passphrase("pass".toCharArray()));
  }

  private static void guessWrong(SecretVault vault, int times, String caller) {
    for (int i = 0; i < times; i++) {
      refused(WrongPassphraseException.class, () -> vault.reveal("web", WRONG, caller + "-"));
    }
  }

  private void guessing() {
    row(
        "five wrong guesses of one caller lock that caller out, and nobody else",
        (fixture, vault) -> {
          locked(vault);
          guessWrong(vault, 5, "ann");
          assertThatThrownBy(() -> vault.reveal("web", WRONG, "ann-"))
              .isInstanceOfSatisfying(
                  PassphraseLockedException.class, e -> assertThat(e.retryAfter()).isPositive());
          char[] right = "pass".toCharArray();
          refused(PassphraseLockedException.class, () -> vault.reveal("web", right, "ann-"));
          vault.reveal("web", right, "bob").close();
          assertThat(reveal(vault, "web", "pass")).isEqualTo("v");
        });
    row(
        "five wrong guesses of nobody in particular lock nobody out, twenty do",
        (fixture, vault) -> {
          locked(vault);
          for (int guess = 1; guess <= 20; guess++) {
            refused(WrongPassphraseException.class, () -> vault.reveal("web", WRONG));
          }
          refused(PassphraseLockedException.class, () -> reveal(vault, "web", "pass"));
          fixture.clock.advance(SECOND.multipliedBy(1_800));
          assertThat(reveal(vault, "web", "pass")).isEqualTo("v");
          for (int guess = 1; guess <= 5; guess++) {
            refused(WrongPassphraseException.class, () -> vault.reveal("web", WRONG));
          }
          assertThat(reveal(vault, "web", "pass")).isEqualTo("v");
        });
    row(
        "twenty wrong guesses of twenty callers lock out everybody",
        (fixture, vault) -> {
          locked(vault);
          for (int caller = 0; caller < 20; caller++) {
            guessWrong(vault, 1, "caller-" + caller);
          }
          char[] right = "pass".toCharArray();
          refused(PassphraseLockedException.class, () -> vault.reveal("web", right, "fresh"));
          refused(PassphraseLockedException.class, () -> vault.reveal("web", right));
          refused("caller: 1 to ", () -> vault.reveal("web", right, ""));
        });
    row(
        "a right guess after a wrong one works, and clears the count",
        (fixture, vault) -> {
          locked(vault);
          guessWrong(vault, 4, "ann");
          vault.reveal("web", "pass".toCharArray(), "ann-").close();
          guessWrong(vault, 4, "ann");
          vault.reveal("web", "pass".toCharArray(), "ann-").close();
        });
  }

  private void passphrases() {
    row(
        "a passphrase is any text: right is right, and nothing like it is",
        (fixture, vault) -> {
          List<String> passphrases =
              List.of("correct horse", "пароль-密码-🔐", "!@#$%^&*()", "a".repeat(256), "aBc");
          for (String passphrase : passphrases) {
            String name = "name-" + passphrases.indexOf(passphrase);
            SecretSpec spec = text(name, "v").active();
            create(vault, spec.passphrase(passphrase.toCharArray()));
            for (String wrong : List.of(passphrase + " ", swapped(passphrase) + "x", "x")) {
              refused(WrongPassphraseException.class, () -> reveal(vault, name, wrong));
            }
            assertThat(reveal(vault, name, passphrase)).isEqualTo("v");
          }
          refused(WrongPassphraseException.class, () -> reveal(vault, "name-4", "AbC"));
        });
    row(
        "a passphrase has at least one character and at most as many as a master key's",
        (fixture, vault) -> {
          int most = MasterKey.MAX_PASSPHRASE_CHARS;
          refused("passphrase: 1 to ", () -> text("web", "v").passphrase(new char[0]));
          refused("passphrase: 1 to ", () -> text("web", "v").passphrase(new char[most + 1]));
          String longest = "x".repeat(most);
          create(vault, text("web", "v").active().passphrase(longest.toCharArray()));
          assertThat(reveal(vault, "web", longest)).isEqualTo("v");
        });
    row(
        "a secret without a passphrase does not mind one",
        (fixture, vault) -> {
          active(vault, "web", "v");
          assertThat(reveal(vault, "web", "any")).isEqualTo("v");
        });
  }

  private static String swapped(String text) {
    StringBuilder swapped = new StringBuilder();
    text.codePoints()
        .map(c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c))
        .forEach(swapped::appendCodePoint);
    return swapped.toString();
  }

  private void sizes() {
    row(
        "the size of a value is counted in bytes",
        (fixture, vault) -> {
          try (SecretVault eight = limited(fixture, VaultLimits.defaults().maxValueBytes(8))) {
            create(eight, text("letters", "x".repeat(8)));
            create(eight, text("accents", "é".repeat(4)));
            refused("value: at most 8 ", () -> eight.create(text("more", "x".repeat(9))));
            refused("value: at most 8 ", () -> eight.create(text("more", "é".repeat(5))));
            assertThat(eight.find("more")).isEmpty();
          }
        });
    row(
        "a generated password is of the classes that are asked for, at most 128 characters",
        (fixture, vault) -> {
          PasswordPolicy lower = PasswordPolicy.ofLength(8).withClasses(CharacterClass.LOWERCASE);
          assertThat(generated(vault, "lower", lower)).matches("[a-z]{8}");
          PasswordPolicy all = PasswordPolicy.ofLength(16);
          assertThat(generated(vault, "all", all))
              .hasSize(16)
              .matches("(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9]).*");
          assertThat(generated(vault, "long", PasswordPolicy.ofLength(128))).hasSize(128);
          refused("length: ", () -> PasswordPolicy.ofLength(50_000_000));
        });
  }

  private static String generated(SecretVault vault, String name, PasswordPolicy policy) {
    try (CreatedSecret created = vault.create(SecretSpec.named(name).generated(policy))) {
      return VaultFixture.textOf(created.value());
    }
  }

  private void keys() {
    row(
        "what was sealed before a rotation of keys opens after it, and is told from what was after",
        (fixture, vault) -> {
          once(vault, "before");
          int epoch = vault.keys().rotate();
          once(vault, "after");
          assertThat(vault.keys().keysInUse())
              .filteredOn(key -> key.records() > 0)
              .extracting(KeyEpoch::number)
              .containsExactly(epoch - 1, epoch);
          assertThat(reveal(vault, "before") + reveal(vault, "after")).isEqualTo("vv");
        });
  }
}
