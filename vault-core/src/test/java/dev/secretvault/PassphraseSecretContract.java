package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A secret that takes a passphrase besides the vault's keys, on any store. */
abstract class PassphraseSecretContract {

  private static final String VALUE = "a value that needs two locks";
  private static final int PARAMETERS_AT = 1;
  private static final int COMMITMENT_AT = 29;
  private static final int CIPHERTEXT_AT = 29 + 32 + 12;

  private VaultFixture fixture;
  private SecretId id;

  abstract VaultFixture newFixture();

  @BeforeEach
  void open() {
    fixture = newFixture();
    id = create("locked", Disclosure.REVEALABLE);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private SecretVault vault() {
    return fixture.vault;
  }

  private static char[] right() {
    return "correct horse".toCharArray();
  }

  private static char[] wrong() {
    return "correct hors".toCharArray();
  }

  private static SecretSpec spec(String name) {
    return SecretSpec.named(name).value(VALUE.toCharArray()).passphrase(right()).active();
  }

  private SecretId create(String name, Disclosure disclosure) {
    return VaultFixture.create(vault(), spec(name).disclosure(disclosure));
  }

  private static String text(SecretValue revealed) {
    try (revealed) {
      return VaultFixture.textOf(revealed);
    }
  }

  private int leftAfterAWrongGuess(String caller) {
    return catchThrowableOfType(
            WrongPassphraseException.class, () -> vault().reveal(id, wrong(), caller))
        .attemptsLeft();
  }

  private boolean attemptsAreStored() {
    return fixture.stored().keySet().stream().anyMatch(key -> key.text().contains(".a."));
  }

  @Test
  void rightPassphrase_revealsByNameAndId_alsoAfterReopening() {
    for (int opened = 0; opened < 2; opened++) {
      assertThat(text(vault().reveal(id, right()))).isEqualTo(VALUE);
      assertThat(text(vault().reveal("locked", right()))).isEqualTo(VALUE);
      assertThat(text(vault().reveal(id, right(), "alice"))).isEqualTo(VALUE);
      assertThat(text(vault().reveal("locked", right(), "alice"))).isEqualTo(VALUE);
      assertThat(vault().describe(id).passphraseProtected()).isTrue();
      fixture.reopen();
    }
    assertThat(attemptsAreStored()).isFalse();
  }

  @Test
  void passphrase_isTheSameHoweverItsCharactersAreComposed() {
    SecretSpec composed =
        SecretSpec.named("composed")
            .value(VALUE.toCharArray())
            .passphrase("caf\u00e9".toCharArray())
            .active();
    VaultFixture.create(vault(), composed);
    assertThat(text(vault().reveal("composed", "cafe\u0301".toCharArray()))).isEqualTo(VALUE);
  }

  @Test
  void withoutThePassphrase_nothingIsRevealedAndNothingCounted() {
    for (int attempt = 0; attempt < 25; attempt++) {
      assertThatThrownBy(() -> vault().reveal("locked"))
          .isInstanceOfSatisfying(
              WrongPassphraseException.class, e -> assertThat(e.attemptsLeft()).isEqualTo(20));
      assertThatThrownBy(() -> vault().reveal(id)).isInstanceOf(WrongPassphraseException.class);
    }
    assertThat(attemptsAreStored()).isFalse();
    assertThat(leftAfterAWrongGuess("mallory")).isEqualTo(4);
    assertThatThrownBy(() -> vault().reveal(id))
        .isInstanceOfSatisfying(
            WrongPassphraseException.class, e -> assertThat(e.attemptsLeft()).isEqualTo(19));
  }

  @Test
  void wrongPassphrase_isCountedOverReopening_untilEvenTheRightOneIsRefused() {
    for (int left = 4; left >= 0; left--) {
      assertThat(leftAfterAWrongGuess("mallory")).isEqualTo(left);
      fixture.reopen();
    }
    assertThatThrownBy(() -> vault().reveal("locked", right(), "mallory"))
        .isInstanceOfSatisfying(
            PassphraseLockedException.class,
            e -> assertThat(e.retryAfter()).isEqualTo(Duration.ofMinutes(30)));
    assertThat(text(vault().reveal(id, right(), "alice"))).isEqualTo(VALUE);
    fixture.clock.advance(Duration.ofMinutes(30).minusMillis(1));
    assertThatThrownBy(() -> vault().reveal("locked", right(), "mallory"))
        .isInstanceOf(PassphraseLockedException.class);
    fixture.clock.advance(Duration.ofMillis(1));
    assertThat(text(vault().reveal("locked", right(), "mallory"))).isEqualTo(VALUE);
    assertThat(leftAfterAWrongGuess("mallory")).isEqualTo(4);
  }

  @Test
  void whatIsNoPassphrase_isRefusedAndNotCounted() {
    for (String none : List.of("", "\ud800", "x".repeat(MasterKey.MAX_PASSPHRASE_CHARS + 1))) {
      assertThatThrownBy(() -> vault().reveal(id, none.toCharArray()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("passphrase");
      assertThatThrownBy(() -> SecretSpec.named("n").passphrase(none.toCharArray()))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (String caller : List.of("", "\ud800", "tab\t", "x".repeat(301))) {
      assertThatThrownBy(() -> vault().reveal(id, right(), caller))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("caller");
    }
    assertThat(attemptsAreStored()).isFalse();
  }

  @Test
  void secretWithoutPassphrase_doesNotMindOne() {
    VaultFixture.create(vault(), "open");
    assertThat(text(vault().reveal("open", wrong()))).isEqualTo("open");
    assertThat(vault().find("open").orElseThrow().passphraseProtected()).isFalse();
    assertThat(attemptsAreStored()).isFalse();
  }

  @Test
  void digests_areNotToBeHad() {
    assertThatThrownBy(() -> vault().hmac(id, "u")).isInstanceOf(NotRevealableException.class);
    assertThatThrownBy(() -> vault().hmac("locked", "u"))
        .isInstanceOf(NotRevealableException.class);
    assertThat(vault().verify(id, "u", "00".repeat(32))).isFalse();
  }

  @Test
  void rulesOfTheSecret_comeBeforeThePassphrase() {
    vault().deactivate(id);
    assertThatThrownBy(() -> vault().reveal(id, wrong()))
        .isInstanceOf(SecretNotActiveException.class);
    assertThatThrownBy(() -> create("shown", Disclosure.AT_CREATION))
        .as("could be used for nothing")
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(vault().find("shown")).isEmpty();
    assertThat(attemptsAreStored()).isFalse();
  }

  @Test
  void allKeysOfTheVault_openNothingWithoutThePassphrase() {
    byte[] opened = withRecords((records, store) -> opened(records, id));
    assertThat(new String(opened, StandardCharsets.ISO_8859_1)).doesNotContain(VALUE);
    assertThat(opened).hasSizeGreaterThan(CIPHERTEXT_AT + VALUE.length());
    VaultFixture.create(vault(), SecretSpec.named("open").value(VALUE.toCharArray()).active());
    SecretId open = vault().find("open").orElseThrow().id();
    byte[] control = withRecords((records, store) -> opened(records, open));
    assertThat(new String(control, StandardCharsets.ISO_8859_1)).isEqualTo(VALUE);
  }

  /** The value as it is stored, without the outer seal. */
  private static byte[] opened(VaultRecords records, SecretId id) {
    return records
        .openValue(records.sealedValue(records.keys().value(id, 1)).orElseThrow())
        .orElseThrow()
        .content();
  }

  /** What somebody does who has the vault's keys, while the vault is closed. */
  private interface Insider<T> {
    T act(VaultRecords records, SecretStore store);
  }

  private <T> T withRecords(Insider<T> insider) {
    vault().close();
    try (SecretStore store = fixture.newStore()) {
      HeaderRecord header =
          HeaderRecord.unlock(store, MasterKey.fromBytes(fixture.masterKey), false);
      T result = insider.act(new VaultRecords(store, header, "", () -> {}), store);
      header.close();
      return result;
    } finally {
      fixture.vault = fixture.open();
    }
  }

  /** Seals another inner value in the place of the one that there is. */
  private void damage(UnaryOperator<byte[]> damage) {
    withRecords(
        (records, store) -> {
          byte[] damaged = damage.apply(opened(records, id));
          store.commit(List.of(Change.delete(records.keys().value(id, 1), 1)));
          records.commit(() -> List.of(records.putValue(id, 1, damaged)));
          return damaged;
        });
  }

  private static UnaryOperator<byte[]> flip(int at) {
    return bytes -> {
      byte[] flipped = bytes.clone();
      flipped[at] ^= 1;
      return flipped;
    };
  }

  @Test
  void damage_isToldFromAWrongPassphrase() {
    damage(flip(CIPHERTEXT_AT));
    assertThatThrownBy(() -> vault().reveal(id, right())).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> vault().reveal(id, wrong()))
        .isInstanceOf(WrongPassphraseException.class);
    damage(flip(CIPHERTEXT_AT));
    assertThat(text(vault().reveal(id, right()))).as("mended").isEqualTo(VALUE);
    damage(flip(COMMITMENT_AT));
    assertThatThrownBy(() -> vault().reveal(id, right()))
        .as("is compared first")
        .isInstanceOf(WrongPassphraseException.class);
    damage(flip(COMMITMENT_AT));
    for (int part = 0; part < 3; part++) {
      damage(flip(PARAMETERS_AT + part * Integer.BYTES));
      assertThatThrownBy(() -> vault().reveal(id, right()))
          .as("asks for too much")
          .isInstanceOf(IntegrityException.class);
      damage(flip(PARAMETERS_AT + part * Integer.BYTES));
    }
    assertThat(text(vault().reveal(id, right()))).as("mended").isEqualTo(VALUE);
    damage(bytes -> Arrays.copyOf(bytes, CIPHERTEXT_AT));
    assertThatThrownBy(() -> vault().reveal(id, right())).isInstanceOf(IntegrityException.class);
  }

  @Test
  void newerFormat_isToldFromDamage() {
    damage(
        bytes -> {
          bytes[0] = 2;
          return bytes;
        });
    assertThatThrownBy(() -> vault().reveal(id, right()))
        .isInstanceOf(UnsupportedFormatException.class);
  }

  /** Whatever is in there is not looked at, so neither is the passphrase. */
  @Test
  void lock_comesBeforeThePassphraseIsLookedAt() {
    damage(bytes -> new byte[3]);
    for (int attempt = 0; attempt < 5; attempt++) {
      assertThatThrownBy(() -> vault().reveal(id, right(), "mallory"))
          .as("looked at, and broken off")
          .isInstanceOf(IntegrityException.class);
    }
    assertThatThrownBy(() -> vault().reveal(id, right(), "mallory"))
        .isInstanceOf(PassphraseLockedException.class);
  }

  @Test
  void onceWithAPassphrase_isConsumedByTheRightOneOnly() {
    SecretId once = create("once", Disclosure.ONCE);
    for (int attempt = 0; attempt < 3; attempt++) {
      assertThatThrownBy(() -> vault().reveal(once, wrong()))
          .isInstanceOf(WrongPassphraseException.class);
      assertThatThrownBy(() -> vault().reveal(once)).isInstanceOf(WrongPassphraseException.class);
    }
    List<String> revealed = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger late = new AtomicInteger();
    Racers.run(
        8,
        racer -> {
          try {
            revealed.add(text(vault().reveal(once, right())));
          } catch (AlreadyRevealedException another) {
            late.incrementAndGet();
          }
        });
    assertThat(revealed).containsExactly(VALUE);
    assertThat(late).hasValue(7);
    assertThatThrownBy(() -> vault().reveal(once, right()))
        .isInstanceOf(AlreadyRevealedException.class);
    assertThatThrownBy(() -> vault().reveal(once, wrong()))
        .isInstanceOf(AlreadyRevealedException.class);
    assertThat(attemptsAreStored()).isFalse();
  }

  @Test
  void threadsThatGuessAtOnce_getNoMoreGuessesThanOne() {
    AtomicInteger wrong = new AtomicInteger();
    AtomicInteger locked = new AtomicInteger();
    Racers.run(
        16,
        racer -> {
          try {
            vault().reveal(id, wrong(), "mallory");
          } catch (WrongPassphraseException e) {
            wrong.incrementAndGet();
          } catch (PassphraseLockedException e) {
            locked.incrementAndGet();
          }
        });
    assertThat(wrong).hasValue(5);
    assertThat(locked).hasValue(11);
  }

  @Test
  void reencryption_keepsTheValueAndTheCount() {
    assertThat(leftAfterAWrongGuess("mallory")).isEqualTo(4);
    vault().keys().rotate();
    assertThat(vault().keys().reencrypt(progress -> {}).resealed()).isEqualTo(4);
    vault().keys().retire(1);
    fixture.reopen();
    assertThat(leftAfterAWrongGuess("mallory")).isEqualTo(3);
    assertThat(text(vault().reveal(id, right(), "mallory"))).isEqualTo(VALUE);
  }

  @Test
  void delete_takesTheCountAway() {
    leftAfterAWrongGuess("mallory");
    assertThat(attemptsAreStored()).isTrue();
    assertThat(vault().delete(id)).isTrue();
    assertThat(fixture.stored()).containsOnlyKeys(HeaderRecord.KEY);
    SecretId again = create("locked", Disclosure.REVEALABLE);
    assertThat(text(vault().reveal(again, right(), "mallory"))).isEqualTo(VALUE);
  }

  @Test
  void specsOwnCopyOfThePassphrase_isOverwritten() throws ReflectiveOperationException {
    char[] given = right();
    SecretSpec spec = SecretSpec.named("n").value("v".toCharArray()).passphrase(given).active();
    SecretSpec refused = SecretSpec.named("locked").value("v".toCharArray()).passphrase(given);
    char[] copy = copyIn(spec);
    char[] copyOfRefused = copyIn(refused);
    assertThat(copy).isEqualTo(given).isNotSameAs(given);
    Arrays.fill(given, 'x');
    VaultFixture.create(vault(), spec);
    assertThat(copy).containsOnly('\0');
    assertThatThrownBy(() -> VaultFixture.create(vault(), refused))
        .isInstanceOf(DuplicateNameException.class);
    assertThat(copyOfRefused).containsOnly('\0');
    char[] asked = right();
    assertThat(text(vault().reveal("n", asked))).isEqualTo("v");
    assertThat(asked).as("the caller's").isEqualTo(right());
  }

  private static char[] copyIn(SecretSpec spec) throws ReflectiveOperationException {
    Field field = SecretSpec.class.getDeclaredField("passphrase");
    field.setAccessible(true);
    return (char[]) field.get(spec);
  }
}
