package dev.secretvault;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Somebody else is faster, between the look at a secret and the commit. */
class ProvisioningRaceTest {

  private final Supplier<SecretStore> medium = newMedium();
  private final byte[] key = "0123456789abcdef".repeat(2).getBytes(US_ASCII);
  private final FaultyStore store = new FaultyStore(medium.get());
  private final SecretVault script = open(store);
  private final SecretVault other = open(medium.get());

  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @AfterEach
  void close() {
    script.close();
    other.close();
  }

  private SecretVault open(SecretStore over) {
    return SecretVault.builder()
        .store(over)
        .masterKey(MasterKey.fromBytes(key))
        .limits(VaultLimits.defaults().maxSecrets(2))
        .open();
  }

  private static SecretSpec text(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray()).active();
  }

  private SecretInfo put(SecretVault vault, String name, String value) {
    return vault.putIfChanged(text(name, value)).info();
  }

  /** Fills all places but one, so that the script knows how many there are. */
  private void fillButOne() {
    put(script, "first", "value");
  }

  private void beforeTheCommit(Runnable step) {
    store.nth(Call.COMMIT, 1).before(step);
  }

  @Test
  void lastPlace_takenWithTheSame_isAsGood() {
    fillButOne();
    beforeTheCommit(() -> put(other, "web", "value"));
    SecretInfo info = put(script, "web", "value");
    assertThat(info.revision()).isEqualTo(1);
    assertThat(other.find("web")).contains(info);
  }

  @Test
  void lastPlace_takenWithAnotherValue_getsANewVersion() {
    fillButOne();
    beforeTheCommit(() -> put(other, "web", "theirs"));
    assertThat(put(script, "web", "ours").versions()).hasSize(2);
    assertThat(other.matches("web", "ours".toCharArray())).isTrue();
  }

  @Test
  void lastPlace_takenByAnotherName_isTaken() {
    fillButOne();
    beforeTheCommit(() -> put(other, "app", "value"));
    assertThatThrownBy(() -> put(script, "web", "value"))
        .isInstanceOf(QuotaExceededException.class);
    assertThat(other.find("web")).isEmpty();
  }

  @Test
  void secret_deletedMeanwhile_isCreatedAnew() {
    SecretInfo old = put(script, "web", "old");
    beforeTheCommit(() -> other.delete(old.id()));
    SecretInfo young = put(script, "web", "new");
    assertThat(young.id()).isNotEqualTo(old.id());
    assertThat(young.versions()).hasSize(1);
    assertThat(script.list(ListQuery.all()).items()).containsExactly(young);
  }

  @Test
  void secret_changedMeanwhileToTheSame_isLeftAsItIs() {
    put(script, "web", "old");
    beforeTheCommit(() -> put(other, "web", "new"));
    SecretInfo info = put(script, "web", "new");
    assertThat(info.versions()).hasSize(2);
    assertThat(other.find("web")).contains(info);
  }

  @Test
  void secret_renamedMeanwhile_leavesItsNameToANewOne() {
    SecretInfo old = put(script, "web", "old");
    beforeTheCommit(() -> other.update(old.id(), SecretUpdate.none().name("app")));
    SecretInfo young = put(script, "web", "new");
    assertThat(young.id()).isNotEqualTo(old.id());
    assertThat(other.describe(old.id()).versions()).hasSize(1);
    assertThat(other.matches("app", "old".toCharArray())).isTrue();
  }

  @Test
  void secret_revealedMeanwhile_isGone() {
    script.create(text("once", "old").disclosure(Disclosure.ONCE)).close();
    beforeTheCommit(() -> other.reveal("once").close());
    assertThatThrownBy(() -> put(script, "once", "new"))
        .isInstanceOf(AlreadyRevealedException.class);
  }
}
