package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What has expired is removed, and nothing else. */
abstract class SweepContract extends VaultContract {

  private static final Duration TEN = Duration.ofSeconds(10);
  private static final Instant END = VaultFixture.START.plus(TEN);

  private static SecretSpec brief(String name) {
    return text(name, "value of " + name).active().expiresAfter(TEN);
  }

  private Set<RecordKey> keys() {
    return fixture.stored().keySet();
  }

  /** A vault before whose sweeper removes what it found, something is done. */
  private SecretVault disturbed(Runnable disturbance) {
    return fixture.open(
        new WrappedStore(fixture.newStore()) {
          private boolean done;

          @Override
          public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
            List<StoredRecord> found = super.expired(now, after, limit);
            if (now.equals(fixture.clock.instant()) && !done) {
              done = true;
              disturbance.run();
            }
            return found;
          }
        });
  }

  private void tamper(SecretId id, Consumer<StoredRecord> with) {
    fixture.stored().values().stream()
        .filter(stored -> stored.key().text().endsWith(".s." + id))
        .forEach(with);
  }

  /** Puts a secret's record anew, past the vault. */
  private void overwrite(SecretId id, boolean damaged, Instant expiresAt) {
    tamper(
        id,
        stored -> {
          byte[] bytes = stored.bytes();
          bytes[bytes.length - 1] ^= (byte) (damaged ? 1 : 0);
          try (SecretStore store = fixture.newStore()) {
            store.commit(List.of(Change.delete(stored.key(), stored.revision())));
            store.commit(List.of(new Change.Put(stored.key(), 0, bytes, expiresAt)));
          }
        });
    fixture.reopen();
  }

  @Test
  void nothingIsSweptBeforeItsVeryMillisecond() {
    SecretId id = create(brief("web")).id();
    fixture.clock.set(END.minusNanos(1));
    assertThat(vault().sweep()).isZero();
    assertThat(reveal(id)).isEqualTo("value of web");
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(1);
    assertThatThrownBy(() -> vault().describe(id)).isInstanceOf(SecretNotFoundException.class);
    assertThat(vault().find("web")).isEmpty();
    assertThat(vault().sweep()).isZero();
  }

  @Test
  void nothingOfASweptSecretIsLeft() {
    create(text("stays", "v"));
    Set<RecordKey> before = keys();
    SecretId id = create(brief("web")).id();
    rotate(id, "second");
    vault().activate(id);
    rotate(id, "third");
    SecretSpec locked = text("locked", "v").active().expiresAfter(TEN).passphrase(chars("right"));
    SecretId lockedId = create(locked).id();
    assertThatThrownBy(() -> vault().reveal(lockedId, chars("wrong")))
        .isInstanceOf(WrongPassphraseException.class);
    assertThat(keys())
        .as("3 values, an attempts record and what both have")
        .hasSize(before.size() + 9);
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(2);
    assertThat(keys()).isEqualTo(before);
  }

  private static char[] chars(String text) {
    return text.toCharArray();
  }

  @Test
  void sweeping_removesWhateverItsStateIs_inAllNamespaces() {
    create(text("inactive", "v").expiresAfter(TEN));
    create(brief("later").notBefore(END.minusMillis(1)));
    create(brief("revealed").disclosure(Disclosure.ONCE));
    vault().reveal("revealed").close();
    SecretVault other = vault().namespace("other");
    VaultFixture.create(other, brief("web"));
    VaultFixture.create(other, text("web-2", "v"));
    fixture.reopen();
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(4);
    assertThat(vault().list(ListQuery.all()).items()).isEmpty();
    assertThat(vault().namespace("other").list(ListQuery.all()).items())
        .extracting(SecretInfo::name)
        .containsExactly("web-2");
  }

  @Test
  void manySecretsAreSweptTogether() {
    List<SecretId> ids = new ArrayList<>();
    for (int number = 0; number < 120; number++) {
      ids.add(create(brief("name-" + number)).id());
    }
    overwrite(ids.get(60), true, END);
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(119);
    assertThat(keys().stream().filter(key -> key.text().contains(".s."))).hasSize(1);
  }

  @Test
  void aRecordThatDoesNotOpen_stopsNobody_andCanBeDeleted() {
    Set<RecordKey> before = keys();
    SecretId damaged = create(brief("damaged")).id();
    overwrite(damaged, true, VaultFixture.START);
    create(brief("web"));
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(1);
    assertThat(vault().sweep()).isZero();
    create(brief("next"));
    fixture.clock.set(END.plus(TEN));
    assertThat(vault().sweep()).as("behind the damaged one").isEqualTo(1);
    assertThat(vault().delete(damaged)).isTrue();
    assertThat(keys()).isEqualTo(before);
  }

  @Test
  void aValueThatTheStoreCannotRead_stopsNobody() {
    create(brief("web"));
    fixture.clock.advance(Duration.ofMillis(1)); // It is found second, in one batch.
    SecretId damaged = create(brief("damaged")).id();
    fixture.clock.advance(TEN);
    AtomicBoolean isDamaged = new AtomicBoolean(true);
    SecretStore store =
        new WrappedStore(fixture.newStore()) {
          @Override
          public Optional<StoredRecord> read(RecordKey key) {
            if (isDamaged.get() && key.text().contains(".v." + damaged)) {
              throw new StoreCorruptException("a value is damaged", null);
            }
            return super.read(key);
          }
        };
    try (SecretVault sweeping = fixture.open(store)) {
      assertThat(sweeping.sweep()).isEqualTo(1);
      assertThat(vault().describe(damaged).name()).isEqualTo("damaged");
      assertThat(vault().find("web")).isEmpty();
      isDamaged.set(false);
      assertThat(sweeping.sweep()).as("looks again").isEqualTo(1);
    }
  }

  @Test
  void aNamespaceWhoseCountIsDamaged_keepsNobodyBehindIt() {
    try (SecretVault limited = limitedTo(1_000)) {
      for (int i = 0; i < 2 * Sweeper.BATCH; i++) {
        VaultFixture.create(limited, brief("web" + i));
      }
      fixture.clock.advance(Duration.ofMillis(1));
      SecretVault other = limited.namespace("other");
      VaultFixture.create(other, brief("behind"));
      damageTheGreaterCount();
      fixture.clock.advance(TEN);
      assertThatThrownBy(limited::sweep).isInstanceOf(IntegrityException.class);
      assertThat(other.find("behind")).isEmpty();
      assertThat(limited.find("web0")).isPresent();
    }
  }

  private void damageTheGreaterCount() {
    try (SecretStore store = fixture.newStore()) {
      StoredRecord count =
          store.scan(null, SecretStore.MAX_PAGE).stream()
              .filter(stored -> stored.key().text().endsWith(".c.n"))
              .max(Comparator.comparing(StoredRecord::revision))
              .orElseThrow();
      store.commit(
          List.of(new Change.Put(count.key(), count.revision(), new byte[] {1, 2, 3}, null)));
    }
  }

  @Test
  void anExpiryThatOnlyTheStoreSpeaksOf_removesNothing() {
    SecretId id = create(text("web", "v").active()).id();
    SecretId later = create(brief("later")).id();
    overwrite(id, false, VaultFixture.START);
    overwrite(later, false, VaultFixture.START);
    assertThat(vault().sweep()).isZero();
    assertThat(reveal(id)).isEqualTo("v");
    fixture.clock.set(END.minusMillis(1));
    assertThat(reveal(later)).isEqualTo("value of later");
  }

  @Test
  void aSecretWhoseExpiryIsPutOffMeanwhile_stays() {
    SecretId id = create(brief("web")).id();
    SecretId other = create(brief("other")).id();
    SecretVault slow = vault();
    fixture.clock.set(END.minusMillis(1));
    // Found by a clock that is ahead by a millisecond.
    try (SecretVault sweeping =
        disturbed(
            () -> {
              fixture.clock.set(END.minusMillis(1));
              slow.update(id, SecretUpdate.none().neverExpires());
              fixture.clock.set(END);
            })) {
      fixture.clock.set(END);
      assertThat(sweeping.sweep()).isEqualTo(1);
    }
    assertThat(reveal(id)).isEqualTo("value of web");
    assertThatThrownBy(() -> vault().describe(other)).isInstanceOf(SecretNotFoundException.class);
  }

  @Test
  void twoThatSweepAtOnce_removeEachSecretOnce() {
    create(brief("one"));
    create(brief("two"));
    SecretVault first = vault();
    fixture.clock.set(END);
    int[] removed = new int[1];
    try (SecretVault second = disturbed(() -> removed[0] = first.sweep())) {
      assertThat(second.sweep()).isZero();
    }
    assertThat(removed[0]).isEqualTo(2);
  }

  @Test
  void theNumberOfSecretsStaysRight() {
    try (SecretVault limited = limitedTo(2)) {
      VaultFixture.create(limited, brief("one"));
      VaultFixture.create(limited, brief("once").disclosure(Disclosure.ONCE));
      limited.reveal("once").close();
      VaultFixture.create(limited, brief("two"));
      assertFull(limited);
      fixture.clock.set(END);
      assertThat(limited.sweep()).isEqualTo(3);
      VaultFixture.create(limited, "a");
      VaultFixture.create(limited, "b");
      assertFull(limited);
    }
  }

  private SecretVault limitedTo(int secrets) {
    return fixture
        .builder(fixture.newStore())
        .limits(VaultLimits.defaults().maxSecrets(secrets))
        .open();
  }

  private static void assertFull(SecretVault limited) {
    assertThatThrownBy(() -> VaultFixture.create(limited, "more"))
        .isInstanceOf(QuotaExceededException.class);
  }

  @Test
  void theNameOfAnExpiredSecretIsFree_fromItsVeryMillisecondOn() {
    SecretId first = create(brief("web")).id();
    SecretId second = create(brief("app")).id();
    SecretId third = create(text("third", "v")).id();
    fixture.clock.set(END.minusMillis(1));
    assertThatThrownBy(() -> create(text("web", "new"))).isInstanceOf(DuplicateNameException.class);
    assertThatThrownBy(() -> vault().update(third, SecretUpdate.none().name("app")))
        .isInstanceOf(DuplicateNameException.class);
    fixture.clock.set(END);
    assertThat(vault().find("web").orElseThrow().id())
        .as("as long as it is there")
        .isEqualTo(first);
    SecretId created = create(text("web", "new").active()).id();
    assertThat(reveal(created)).isEqualTo("new");
    assertThat(vault().update(third, SecretUpdate.none().name("app")).name()).isEqualTo("app");
    for (SecretId gone : List.of(first, second)) {
      assertThatThrownBy(() -> vault().describe(gone)).isInstanceOf(SecretNotFoundException.class);
    }
    assertThat(vault().sweep()).isZero();
    assertThat(storedNames()).isEqualTo(2);
  }

  @Test
  void putIfChanged_replacesAnExpiredSecretByANewOne() {
    SecretId first = create(brief("web")).id();
    fixture.clock.set(END);
    SecretInfo put = vault().putIfChanged(text("web", "value of web").active()).info();
    assertThat(put.id()).isNotEqualTo(first);
    assertThat(put.expiresAt()).isNull();
    assertThat(reveal(put.id())).isEqualTo("value of web");
    assertThatThrownBy(() -> vault().describe(first)).isInstanceOf(SecretNotFoundException.class);
  }

  @Test
  void countsOfWrongPassphrasesAreSwept_onceTheySayNothing() {
    SecretId id = create(text("web", "v").active().passphrase(chars("right"))).id();
    Set<RecordKey> before = keys();
    assertThatThrownBy(() -> vault().reveal(id, chars("wrong")))
        .isInstanceOf(WrongPassphraseException.class);
    fixture.clock.advance(PassphraseAttempts.WINDOW.minusMillis(1));
    assertThat(vault().sweep()).isZero();
    assertThat(keys()).hasSize(before.size() + 1);
    fixture.clock.advance(Duration.ofMillis(1));
    assertThat(vault().sweep()).as("secrets").isZero();
    assertThat(keys()).isEqualTo(before);
  }
}
