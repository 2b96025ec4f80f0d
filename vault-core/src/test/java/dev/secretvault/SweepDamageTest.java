package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be removed keeps nothing else, however much of it there is. */
class SweepDamageTest {

  /** More than a page of any store. */
  private static final int MANY = SecretStore.MAX_PAGE + 100;

  private static final Duration MINUTES = Duration.ofMinutes(5);
  private static final Instant START = VaultFixture.START;

  private final VaultFixture fixture = VaultFixture.inMemory();

  /** What the store finds damaged. */
  private final Set<RecordKey> unreadable = new HashSet<>();

  /** Whether that is because the medium cannot read it. */
  private boolean inBadSector;

  /** Whether nothing can be committed, and how often that was tried. */
  private boolean full;

  private int commits;

  @AfterEach
  void close() {
    fixture.close();
  }

  private static SharedSecret share(SecretVault vault) {
    return vault.oneTime().share(OneTimeSpec.of("v".toCharArray()).expiresAfter(MINUTES));
  }

  private List<RecordKey> keys(String kind) {
    try (SecretStore store = fixture.newStore()) {
      return VaultFixture.stored(store).keySet().stream()
          .filter(key -> key.text().contains("." + kind + "."))
          .toList();
    }
  }

  private void putJunk(int count, Instant expiresAt) {
    try (SecretStore store = fixture.newStore()) {
      for (int i = 0; i < count; i++) {
        RecordKey key = new RecordKey("abcdefghijk.s.junk" + i);
        store.commit(List.of(new Change.Put(key, 0, new byte[1], expiresAt)));
      }
    }
  }

  /** A vault on a store that finds some records damaged. */
  private SecretVault onDamage() {
    return fixture.open(
        new WrappedStore(fixture.newStore()) {
          @Override
          public Optional<StoredRecord> read(RecordKey key) {
            if (unreadable.contains(key)) {
              throw inBadSector
                  ? new StoreException("a bad sector", Outcome.NOT_WRITTEN, true, null)
                  : new StoreCorruptException("a record is damaged", null);
            }
            return super.read(key);
          }

          @Override
          public void commit(List<Change> changes) {
            if (full) {
              commits++;
              throw new StoreException("no space", Outcome.NOT_WRITTEN, true, null);
            }
            super.commit(changes);
          }

          @Override
          public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
            List<StoredRecord> all = super.expired(now, after, SecretStore.MAX_PAGE);
            List<StoredRecord> intact = new ArrayList<>(all);
            intact.removeIf(stored -> unreadable.contains(stored.key()));
            if (intact.isEmpty() && !all.isEmpty()) {
              throw new StoreCorruptException("a record is damaged", null);
            }
            return intact.subList(0, Math.min(limit, intact.size()));
          }
        });
  }

  @Test
  void aNamespaceWithADamagedTrail_keepsNobodyBehindIt() {
    try (SecretVault vault =
        fixture.builder(fixture.newStore()).audit(AuditPolicy.keep(10)).open()) {
      SecretVault red = vault.namespace("red");
      for (int i = 0; i < MANY; i++) {
        share(red);
      }
      RecordKey head = keys("h").get(0);
      fixture.clock.advance(Duration.ofMillis(1));
      SharedSecret other = share(vault);
      try (SecretStore store = fixture.newStore()) {
        long revision = store.read(head).orElseThrow().revision();
        store.commit(List.of(Change.put(head, revision, new byte[99])));
      }
      fixture.clock.advance(MINUTES);
      assertThat(keys("p")).hasSize(MANY + 1);
      assertThatThrownBy(vault::sweep).isInstanceOf(IntegrityException.class);
      assertThat(keys("p")).hasSize(MANY);
      assertThat(vault.oneTime().receipt(other.receipt()).state()).isEqualTo(OneTimeState.EXPIRED);
      assertThat(vault.keys().discard(head.text())).isTrue();
      assertThat(vault.sweep()).isEqualTo(MANY);
      assertThat(keys("p")).isEmpty();
    }
  }

  @Test
  void recordsThatDoNotOpen_keepNobodyBehindThem() {
    putJunk(MANY, START);
    share(fixture.vault);
    fixture.clock.advance(MINUTES);
    assertThat(fixture.vault.sweep()).isEqualTo(1);
    assertThat(keys("p")).isEmpty();
    fixture.clock.advance(MINUTES);
    assertThat(fixture.vault.sweep()).isZero();
    assertThat(keys("o")).isEmpty();
  }

  @Test
  void recordsThatTheStoreCannotRead_areToldLast() {
    share(fixture.vault);
    unreadable.addAll(keys("o"));
    fixture.clock.advance(Duration.ofMillis(1));
    share(fixture.vault);
    fixture.clock.advance(MINUTES);
    try (SecretVault vault = onDamage()) {
      assertThatThrownBy(vault::sweep).isInstanceOf(IntegrityException.class);
      assertThat(keys("p")).hasSize(1);
      unreadable.clear();
      assertThat(vault.sweep()).isEqualTo(1);
      assertThat(keys("p")).isEmpty();
    }
  }

  @Test
  void aValueThatTheStoreCannotRead_keepsNoneOfTheSamePage() {
    share(fixture.vault);
    unreadable.addAll(keys("p"));
    fixture.clock.advance(Duration.ofMillis(1));
    share(fixture.vault);
    share(fixture.vault);
    fixture.clock.advance(MINUTES);
    try (SecretVault vault = onDamage()) {
      assertThatThrownBy(vault::sweep).isInstanceOf(IntegrityException.class);
      assertThat(keys("p")).containsExactlyElementsOf(unreadable);
      unreadable.clear();
      assertThat(vault.sweep()).isEqualTo(1);
    }
  }

  private static SecretSpec brief() {
    return SecretSpec.named("web").generated().active().expiresAfter(MINUTES);
  }

  /** Of kinds of records that removing something reads: values, names, shared values. */
  @ParameterizedTest
  @ValueSource(strings = {"v", "n", "p"})
  void aBadSector_keepsNobodyItDoesNotConcern(String kind) {
    inBadSector = true;
    SecretVault red = fixture.vault.namespace("red");
    VaultFixture.create(red, brief());
    share(red);
    assertThat(keys(kind)).as("records of kind %s", kind).isNotEmpty();
    unreadable.addAll(keys(kind));
    fixture.clock.advance(Duration.ofMillis(1));
    SharedSecret other = share(fixture.vault);
    VaultFixture.create(fixture.vault, brief());
    fixture.clock.advance(MINUTES);
    try (SecretVault vault = onDamage()) {
      assertThatThrownBy(vault::sweep).isInstanceOf(StoreFailedException.class);
      assertThat(vault.find("web")).isEmpty();
      assertThat(vault.oneTime().receipt(other.receipt()).state()).isEqualTo(OneTimeState.EXPIRED);
      assertThat(keys(kind)).containsAll(unreadable);
      unreadable.clear();
      assertThat(vault.sweep()).isEqualTo(1);
      assertThat(keys("p")).isEmpty();
      assertThat(keys("v")).isEmpty();
    }
  }

  @Test
  void aStoreThatCannotCommit_isNotAskedForEachOfThem() {
    for (int i = 0; i < 3; i++) {
      share(fixture.vault);
      fixture.clock.advance(Duration.ofMillis(1));
    }
    fixture.clock.advance(MINUTES);
    try (SecretVault vault = onDamage()) {
      full = true;
      assertThatThrownBy(vault::sweep)
          .isInstanceOf(StoreFailedException.class)
          .hasMessageContaining("no space");
      assertThat(commits).isEqualTo(1);
      full = false;
      assertThat(vault.sweep()).isEqualTo(3);
    }
  }

  /** What was overtaken on a page of which something is left is looked at again, all the same. */
  @Test
  void whatOthersChangedBesideJunk_isLookedAtAgain() {
    putJunk(1, START);
    SecretId putOff = VaultFixture.create(fixture.vault, brief());
    VaultFixture.create(
        fixture.vault, SecretSpec.named("other").generated().active().expiresAfter(MINUTES));
    boolean[] done = new boolean[1];
    SecretStore disturbed =
        new WrappedStore(fixture.newStore()) {
          @Override
          public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
            List<StoredRecord> found = super.expired(now, after, limit);
            if (!done[0] && now.equals(START.plus(MINUTES))) {
              done[0] = true;
              fixture.clock.set(START);
              fixture.vault.update(putOff, SecretUpdate.none().neverExpires());
              fixture.clock.set(START.plus(MINUTES));
            }
            return found;
          }
        };
    try (SecretVault vault = fixture.open(disturbed)) {
      fixture.clock.set(START.plus(MINUTES));
      assertThat(vault.sweep()).isEqualTo(1);
      assertThat(vault.find("other")).isEmpty();
      assertThat(vault.find("web")).isPresent();
    }
  }

  /** Leaves a mark at the end of five minutes, and nothing that it is of. */
  private void refuseAndDelete() {
    SecretId id =
        VaultFixture.create(
            fixture.vault, SecretSpec.named("web").generated().active().expiresAfter(MINUTES));
    fixture.clock.set(START.plus(MINUTES));
    assertThatThrownBy(() -> fixture.vault.hmac(id, "u"))
        .isInstanceOf(SecretExpiredException.class);
    fixture.vault.delete(id);
  }

  private void assertMarked(boolean marked) {
    fixture.clock.set(START);
    if (marked) {
      assertThatThrownBy(() -> share(fixture.vault)).isInstanceOf(IllegalArgumentException.class);
    } else {
      share(fixture.vault);
    }
  }

  @Test
  void theMarkStays_asLongAsWhatMayHaveBeenRefusedIsLeft() {
    refuseAndDelete();
    putJunk(1, START.plus(MINUTES));
    assertThat(fixture.vault.sweep()).isZero();
    assertMarked(true);
    assertThat(fixture.vault.sweep()).as("with the clock set back").isZero();
    assertMarked(true);
    assertThat(fixture.vault.keys().discard("abcdefghijk.s.junk0")).isTrue();
    assertThat(fixture.vault.sweep()).isZero();
    assertMarked(false);
  }

  /** It is not listed as long as there is anything else, and may be readable again. */
  @Test
  void theMarkStays_overWhatTheStoreCannotReadBeforeWhatIsLeft() {
    share(fixture.vault);
    unreadable.addAll(keys("o"));
    refuseAndDelete();
    putJunk(1, START.plus(MINUTES).plusMillis(1));
    try (SecretVault vault = onDamage()) {
      fixture.clock.advance(MINUTES);
      assertThatThrownBy(vault::sweep).isInstanceOf(IntegrityException.class);
      assertMarked(true);
      fixture.clock.advance(MINUTES);
      fixture.clock.advance(MINUTES);
      unreadable.clear();
      assertThat(vault.sweep()).isEqualTo(1);
      assertMarked(false);
    }
  }

  @Test
  void theMarkGoes_thoughWhatItDoesNotReachIsLeft() {
    refuseAndDelete();
    putJunk(1, START.plus(MINUTES).plusMillis(1));
    fixture.clock.advance(MINUTES);
    assertThat(fixture.vault.sweep()).isZero();
    assertMarked(false);
  }

  @Test
  void theMarkGoes_besideCountsOfGuesses() {
    SharedSecret locked =
        fixture
            .vault
            .oneTime()
            .share(OneTimeSpec.of("v".toCharArray()).passphrase("right".toCharArray()));
    assertThatThrownBy(() -> fixture.vault.oneTime().reveal(locked.link(), "no".toCharArray()))
        .isInstanceOf(WrongPassphraseException.class);
    SecretId id =
        VaultFixture.create(
            fixture.vault,
            SecretSpec.named("web").generated().active().expiresAfter(Duration.ofHours(1)));
    fixture.clock.advance(Duration.ofHours(1));
    assertThatThrownBy(() -> fixture.vault.hmac(id, "u"))
        .isInstanceOf(SecretExpiredException.class);
    fixture.clock.set(START);
    assertThat(fixture.vault.sweep()).isEqualTo(1);
    assertMarked(false);
    assertThat(keys("a")).as("its time has not come by the clock").hasSize(1);
  }
}
