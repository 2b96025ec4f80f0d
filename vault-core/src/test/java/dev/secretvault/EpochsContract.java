package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The epochs of a vault's data keys, from the first to the last record, on any store. */
abstract class EpochsContract {

  private static final List<String> NAMES = List.of("a", "b", "c", "d");
  private static final int RECORDS = 3 * NAMES.size();

  private final Map<String, SecretId> ids = new HashMap<>();
  private final Map<String, String> digests = new HashMap<>();
  private VaultFixture fixture;

  abstract VaultFixture newFixture();

  @BeforeEach
  void open() {
    fixture = newFixture();
    for (String name : NAMES) {
      ids.put(name, VaultFixture.create(fixture.vault, name));
      digests.put(name, fixture.vault.hmac(name, "u").hex());
    }
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private VaultKeys keys() {
    return fixture.vault.keys();
  }

  private Reencryption reencrypt() {
    return keys().reencrypt(progress -> {});
  }

  private void assertAllAnswersAsEver() {
    for (boolean reopened : List.of(false, true)) {
      for (String name : NAMES) {
        SecretId id = ids.get(name);
        assertThat(VaultFixture.reveal(fixture.vault, name)).isEqualTo(name);
        assertThat(fixture.vault.hmac(id, "u").hex()).isEqualTo(digests.get(name));
        assertThat(fixture.vault.verify(name, "u", digests.get(name))).isTrue();
        assertThat(fixture.vault.find(name).map(SecretInfo::id)).contains(id);
        assertThat(fixture.vault.describe(id).name()).isEqualTo(name);
      }
      assertThat(fixture.vault.list(ListQuery.all()).items())
          .extracting(SecretInfo::name)
          .containsExactlyInAnyOrderElementsOf(NAMES);
      if (!reopened) {
        fixture.reopen();
      }
    }
  }

  private static List<String> summary(List<KeyEpoch> epochs) {
    return epochs.stream()
        .map(epoch -> epoch.number() + (epoch.current() ? " current: " : ": ") + epoch.records())
        .toList();
  }

  @Test
  void rotate_sealsNewRecordsUnderTheNewEpoch_andOldOnesStay() {
    assertThat(summary(keys().keysInUse())).containsExactly("1 current: " + RECORDS);
    Map<RecordKey, StoredRecord> before = fixture.stored();
    fixture.clock.advance(Duration.ofDays(1));
    assertThat(keys().rotate()).isEqualTo(2);
    assertThat(keys().keysInUse().get(1).createdAt()).isEqualTo(fixture.clock.instant());
    assertThat(summary(keys().keysInUse())).containsExactly("1: " + RECORDS, "2 current: 0");
    assertAllAnswersAsEver();
    VaultFixture.create(fixture.vault, "young");
    assertThat(summary(keys().keysInUse())).containsExactly("1: " + RECORDS, "2 current: 3");
    fixture.vault.deactivate(ids.get("a"));
    fixture.vault.activate(ids.get("a"));
    fixture.vault.delete(fixture.vault.find("young").orElseThrow().id());
    assertThat(summary(keys().keysInUse())).containsExactly("1: " + (RECORDS - 1), "2 current: 1");
    assertThat(VaultFixture.epochs(fixture.stored())).isEqualTo(Map.of(1, RECORDS - 1L, 2, 1L));
    fixture
        .stored()
        .forEach(
            (key, record) ->
                assertThat(record.revision() > before.get(key).revision())
                    .as("written: %s", key)
                    .isEqualTo(
                        key.equals(HeaderRecord.KEY)
                            || key.text().endsWith(".s." + ids.get("a").text())));
    assertAllAnswersAsEver();
  }

  @Test
  void reencrypt_sealsTheOldOnesAnew_andTheirEpochCanBeRetired() {
    keys().rotate();
    VaultFixture.create(fixture.vault, "young");
    SecretInfo before = fixture.vault.describe(ids.get("a"));
    assertThat(keys().safeToRetire(1)).isFalse();
    Reencryption done = reencrypt();
    assertThat(done).isEqualTo(new Reencryption(RECORDS + 3, RECORDS, 0, List.of()));
    assertThat(fixture.vault.describe(ids.get("a")).revision()).isEqualTo(before.revision() + 1);
    assertThat(summary(keys().keysInUse())).containsExactly("1: 0", "2 current: " + (RECORDS + 3));
    assertThat(reencrypt()).isEqualTo(new Reencryption(RECORDS + 3, 0, 0, List.of()));
    fixture.vault.delete(fixture.vault.find("young").orElseThrow().id());
    assertAllAnswersAsEver();
    assertThat(keys().safeToRetire(1)).isTrue();
    keys().retire(1);
    assertThat(summary(keys().keysInUse())).containsExactly("2 current: " + RECORDS);
    assertAllAnswersAsEver();
    assertThat(keys().rotate()).as("no number comes twice").isEqualTo(3);
  }

  @Test
  void reencrypt_overSeveralEpochs_leavesOne() {
    List<String> all = new ArrayList<>();
    for (int epoch = 2; epoch <= 5; epoch++) {
      assertThat(keys().rotate()).isEqualTo(epoch);
      VaultFixture.create(fixture.vault, "of " + epoch);
    }
    fixture.reopen();
    keys().keysInUse().forEach(epoch -> all.add(epoch.number() + ": " + epoch.records()));
    assertThat(all).containsExactly("1: " + RECORDS, "2: 3", "3: 3", "4: 3", "5: 3");
    assertThat(reencrypt().resealed()).isEqualTo(RECORDS + 9);
    for (int epoch = 1; epoch <= 4; epoch++) {
      keys().retire(epoch);
    }
    fixture.reopen();
    for (int epoch = 2; epoch <= 5; epoch++) {
      assertThat(VaultFixture.reveal(fixture.vault, "of " + epoch)).isEqualTo("of " + epoch);
    }
    assertThat(summary(keys().keysInUse())).containsExactly("5 current: " + (RECORDS + 12));
  }

  @Test
  void retire_ofAnEpochThatIsNeededOrUnknown_isRefused() {
    assertRefused(1, KeyInUseException.class, "or will be");
    keys().rotate();
    assertThat(keys().safeToRetire(2)).as("no record yet, but soon").isFalse();
    assertRefused(2, KeyInUseException.class, "or will be");
    assertRefused(1, KeyInUseException.class, "records are sealed under epoch 1");
    reencrypt();
    assertRefused(2, KeyInUseException.class, "or will be");
    keys().retire(1);
    for (int epoch : new int[] {-1, 0, 1, 3}) {
      assertRefused(epoch, IllegalArgumentException.class, "there is no epoch " + epoch);
      assertThatThrownBy(() -> keys().safeToRetire(epoch))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(keys().safeToRetire(2)).isFalse();
  }

  private void assertRefused(int epoch, Class<? extends Exception> refusal, String why) {
    assertThatThrownBy(() -> keys().retire(epoch))
        .isInstanceOf(refusal)
        .message()
        .containsPattern(why);
    assertAllAnswersAsEver();
  }

  @Test
  void reencrypt_leavesExpiriesAsTheyAre() {
    SecretId id =
        VaultFixture.create(
            fixture.vault,
            SecretSpec.named("brief").value("v".toCharArray()).expiresAfter(Duration.ofHours(1)));
    keys().rotate();
    Map<RecordKey, StoredRecord> before = fixture.stored();
    reencrypt();
    fixture
        .stored()
        .forEach(
            (key, record) -> assertThat(record.expiresAt()).isEqualTo(before.get(key).expiresAt()));
    assertThat(fixture.vault.describe(id).expiresAt())
        .isEqualTo(VaultFixture.START.plus(Duration.ofHours(1)));
  }

  @Test
  void everySecret_goesOnWithItsLifeUnderANewEpoch() {
    SecretId once =
        VaultFixture.create(
            fixture.vault,
            SecretSpec.named("once").value("v".toCharArray()).active().disclosure(Disclosure.ONCE));
    keys().rotate();
    reencrypt();
    keys().retire(1);
    assertThat(VaultFixture.reveal(fixture.vault, "once")).isEqualTo("v");
    assertThatThrownBy(() -> fixture.vault.reveal(once))
        .isInstanceOf(AlreadyRevealedException.class);
    fixture.vault.deactivate(ids.get("a"));
    assertThatThrownBy(() -> fixture.vault.hmac("a", "u"))
        .isInstanceOf(SecretNotActiveException.class);
    fixture.vault.activate(ids.get("a"));
    assertThat(fixture.vault.delete(once)).isTrue();
    assertThatThrownBy(() -> VaultFixture.create(fixture.vault, "a"))
        .isInstanceOf(DuplicateNameException.class);
    assertAllAnswersAsEver();
  }

  @Test
  void keys_ofAClosedVault_doNothing() {
    VaultKeys keys = keys();
    SecretVault closed = fixture.vault;
    fixture.reopen();
    closed.close();
    assertThatThrownBy(closed::keys).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(keys::rotate).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(keys::unlockSlots).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> keys.reencrypt(progress -> {}))
        .isInstanceOf(IllegalStateException.class);
    assertThat(summary(keys().keysInUse())).containsExactly("1 current: " + RECORDS);
  }
}
