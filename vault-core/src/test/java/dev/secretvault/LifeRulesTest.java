package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.crypto.PasswordPolicy.CharacterClass;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The rules of a secret's life, a row for each; {@link UseRulesTest} has those of who may use it.
 *
 * <p>Each row shows a rule by an example. That nothing breaks it is shown by the contracts, on each
 * store, by {@link LifeRacesTest}, and by {@link RandomLifeTest}. Not here, as tests of their own
 * show them: removal of what has expired, and a clock that is set back; one-time links and
 * receipts.
 */
class LifeRulesTest extends BehaviourTable {

  private static final Instant END = VaultFixture.START.plusSeconds(10);

  LifeRulesTest() {
    values();
    names();
    states();
    disclosures();
    times();
    exactlyOnce();
  }

  private void values() {
    row(
        "a value given as text comes back as that text and as its bytes in UTF-8",
        (fixture, vault) -> {
          active(vault, "web", "välue");
          try (SecretValue value = vault.reveal("web")) {
            String chars = value.useChars(String::new);
            assertThat(chars).isEqualTo("välue");
            byte[] bytes = value.use(byte[]::clone);
            assertThat(bytes).isEqualTo("välue".getBytes(StandardCharsets.UTF_8));
          }
        });
    row(
        "a value given as bytes comes back as those bytes",
        (fixture, vault) -> {
          byte[] bytes = {0, (byte) 0xff};
          create(vault, SecretSpec.named("raw").value(bytes).active());
          try (SecretValue value = vault.reveal("raw")) {
            assertThat(value.use(byte[]::clone)).isEqualTo(bytes);
          }
        });
    row(
        "a generated value is 32 random bytes as URL-safe Base64",
        (fixture, vault) -> {
          try (CreatedSecret one = vault.create(SecretSpec.named("one").generated());
              CreatedSecret other = vault.create(SecretSpec.named("other").generated())) {
            String text = VaultFixture.textOf(one.value());
            assertThat(Base64.getUrlDecoder().decode(text)).hasSize(32);
            assertThat(text).isNotEqualTo(VaultFixture.textOf(other.value())).hasSize(43);
          }
        });
    row(
        "a generated password has its length, each class, and no ambiguous characters",
        (fixture, vault) -> {
          PasswordPolicy policy = PasswordPolicy.ofLength(CharacterClass.values().length);
          for (int i = 0; i < 100; i++) {
            try (CreatedSecret made =
                vault.create(SecretSpec.named("name-" + i).generated(policy))) {
              assertThat(VaultFixture.textOf(made.value()))
                  .hasSize(4)
                  .matches("(?s)(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9]).*")
                  .doesNotContainPattern("[ilo1IO0]");
            }
          }
        });
    row(
        "a password shorter than its classes, or longer than 128, is refused",
        (fixture, vault) -> {
          refused("length: ", () -> PasswordPolicy.ofLength(3));
          refused("length: ", () -> PasswordPolicy.ofLength(129));
          refused("length: ", () -> PasswordPolicy.ofLength(50_000_000));
        });
    row(
        "an empty value is refused",
        (fixture, vault) -> {
          refused("value: ", () -> text("web", ""));
          refused("value: ", () -> SecretSpec.named("web").value(new byte[0]));
        });
    row(
        "a value of 64 KiB is taken, a longer one refused and never cut",
        (fixture, vault) -> {
          create(vault, SecretSpec.named("most").value(new byte[1 << 16]).active());
          try (SecretValue value = vault.reveal("most")) {
            int length = value.use(bytes -> bytes.length);
            assertThat(length).isEqualTo(1 << 16);
          }
          refused("value: ", () -> vault.create(text("web", "é".repeat((1 << 15) + 1))));
          assertThat(vault.find("web")).isEmpty();
        });
    row(
        "the largest value can be configured",
        (fixture, vault) -> {
          try (SecretVault small = limited(fixture, VaultLimits.defaults().maxValueBytes(2))) {
            create(small, text("web", "é"));
            refused("value: at most 2 ", () -> small.create(text("app", "éa")));
          }
        });
  }

  private void names() {
    row(
        "a name has 1 to 300 code points, no control characters, no white space at its ends",
        (fixture, vault) -> {
          create(vault, text("\uD83D\uDD11".repeat(300), "v"));
          for (String name : List.of("", "x".repeat(301), "a\nb", " a", "a ", "\ud800")) {
            refused("name: ", () -> SecretSpec.named(name));
          }
        });
    row(
        "a name is unique, also when it is given by renaming, and compared exactly",
        (fixture, vault) -> {
          SecretId web = create(vault, text("web", "v"));
          SecretId app = create(vault, text("Web", "v"));
          refused(DuplicateNameException.class, () -> vault.create(text("web", "v")));
          refused(
              DuplicateNameException.class,
              () -> vault.update(app, SecretUpdate.none().name("web")));
          assertThat(vault.find("web").map(SecretInfo::id)).contains(web);
        });
    row(
        "identifiers are of letters, digits and _+=-@#$, reserved prefixes refused in any case",
        (fixture, vault) -> {
          NamePolicy policy = NamePolicy.IDENTIFIER.reservedPrefixes("wix");
          assertThat(policy.check("aZ09_+=-@#$")).isEqualTo("aZ09_+=-@#$");
          for (String name : List.of("a b", "é", "a.b", "wixa", "WiXa", "x".repeat(51))) {
            refused("name: ", () -> policy.check(name));
          }
        });
    row(
        "a deleted secret's name is free at once and never leads to its predecessor",
        (fixture, vault) -> {
          SecretId old = active(vault, "web", "old");
          String digest = digest(vault, old);
          vault.delete(old);
          assertThat(vault.find("web")).isEmpty();
          active(vault, "web", "young");
          assertThat(vault.verify("web", "u", digest)).isFalse();
          assertThat(reveal(vault, "web")).isEqualTo("young");
          refused(SecretNotFoundException.class, () -> vault.describe(old));
        });
  }

  private void states() {
    row(
        "a secret is inactive at creation unless it is said to be active",
        (fixture, vault) -> {
          assertThat(vault.describe(create(vault, text("web", "v"))).state())
              .isEqualTo(SecretState.INACTIVE);
          assertThat(vault.describe(active(vault, "app", "v")).state())
              .isEqualTo(SecretState.ACTIVE);
        });
    row(
        "activating and deactivating twice is doing it once",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v"));
          assertThat(vault.activate(id)).isEqualTo(vault.activate(id));
          assertThat(vault.deactivate(id)).isEqualTo(vault.deactivate(id));
          assertThat(vault.describe(id).revision()).isEqualTo(3);
        });
    row(
        "inactive and not yet valid secrets give neither value nor digest, and verify false",
        (fixture, vault) -> {
          SecretId later = create(vault, text("later", "v").active().notBefore(END));
          SecretId off = create(vault, text("off", "v"));
          for (SecretId id : List.of(later, off)) {
            refused(SecretNotActiveException.class, () -> vault.reveal(id));
            refused(SecretNotActiveException.class, () -> digest(vault, id));
            assertThat(vault.verify(id, "u", genuine("v"))).isFalse();
          }
          fixture.clock.set(END);
          vault.activate(off);
          assertThat(vault.verify(later, "u", genuine("v"))).isTrue();
          assertThat(vault.verify(off, "u", genuine("v"))).isTrue();
        });
  }

  private void disclosures() {
    row(
        "a revealable value is revealed any time",
        (fixture, vault) -> {
          active(vault, "web", "v");
          assertThat(List.of(reveal(vault, "web"), reveal(vault, "web"))).containsOnly("v");
        });
    row(
        "a value shown at creation is seen only then, and its digests keep working",
        (fixture, vault) -> {
          try (CreatedSecret created = vault.create(SecretSpec.named("web").generated().active())) {
            String value = VaultFixture.textOf(created.value());
            refused(NotRevealableException.class, () -> vault.reveal("web"));
            assertThat(vault.hmac("web", "u").hex()).isEqualTo(genuine(value));
          }
        });
    row(
        "a value to be revealed once signs until its first reveal, and is gone then",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          String digest = digest(vault, id);
          assertThat(reveal(vault, "link")).isEqualTo("v");
          refused(AlreadyRevealedException.class, () -> vault.reveal(id));
          refused(AlreadyRevealedException.class, () -> digest(vault, id));
          assertThat(vault.verify(id, "u", digest)).isFalse();
        });
  }

  private void times() {
    row(
        "expiry is enforced at every use from its very millisecond on",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v").active().expiresAt(END));
          fixture.clock.set(END.minusMillis(1));
          assertThat(vault.verify(id, "u", digest(vault, id))).isTrue();
          fixture.clock.set(END);
          refused(SecretExpiredException.class, () -> vault.reveal(id));
          refused(SecretExpiredException.class, () -> digest(vault, id));
          assertThat(vault.verify(id, "u", genuine("v"))).isFalse();
          assertThat(vault.matches(id, "v".toCharArray())).isFalse();
        });
    row(
        "what has expired is not brought back, changed, rotated or rolled back",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v").expiresAfter(SECOND));
          fixture.clock.advance(SECOND);
          List<Runnable> changes =
              List.of(
                  () -> vault.activate(id),
                  () -> vault.update(id, SecretUpdate.none().neverExpires()),
                  () -> rotate(vault, id, "w"),
                  () -> vault.rollback(id));
          changes.forEach(change -> refused(SecretExpiredException.class, change::run));
          assertThat(vault.describe(id).revision()).isEqualTo(1);
        });
  }

  private void exactlyOnce() {
    row(
        "of any number of threads and vaults one gets the value, others hear that it is gone",
        (fixture, vault) -> {
          once(vault, "link");
          AtomicInteger values = new AtomicInteger();
          AtomicInteger losers = new AtomicInteger();
          try (SecretVault other = fixture.open()) {
            Racers.run(
                16,
                racer -> {
                  try {
                    (racer % 2 == 0 ? vault : other).reveal("link").close();
                    values.incrementAndGet();
                  } catch (AlreadyRevealedException lost) {
                    losers.incrementAndGet();
                  }
                });
          }
          assertThat(values).hasValue(1);
          assertThat(losers).hasValue(15);
        });
    row(
        "the value is gone from the store when its reader has it",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          try (SecretStore store = fixture.newStore();
              SecretValue value = vault.reveal(id)) {
            assertThat(VaultFixture.textOf(value)).isEqualTo("v");
            assertThat(valueRecords(VaultFixture.stored(store), id)).isEmpty();
          }
        });
    row(
        "a failure to decrypt does not consume",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          try (SecretStore store = fixture.newStore()) {
            StoredRecord intact = valueRecords(VaultFixture.stored(store), id).get(0);
            store.commit(List.of(Change.put(intact.key(), 1, new byte[40])));
            refused(IntegrityException.class, () -> vault.reveal(id));
            assertThat(vault.describe(id).state()).isEqualTo(SecretState.ACTIVE);
            store.commit(List.of(Change.delete(intact.key(), 2)));
            store.commit(List.of(Change.put(intact.key(), 0, intact.bytes())));
          }
          assertThat(reveal(vault, "link")).isEqualTo("v");
        });
  }
}
