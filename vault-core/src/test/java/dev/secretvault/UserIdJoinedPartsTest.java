package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.DigestAlgorithm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One secret joins its parts in one way. */
class UserIdJoinedPartsTest {

  private static final UserIdPolicy STANDARD = UserIdPolicy.standard();

  private static final Map<String, UserIdPolicy> SELECTIONS =
      Map.of(
          "user ID and salt", STANDARD.salted(),
          "user ID and expiration", STANDARD.expiring(),
          "user ID, salt and expiration", STANDARD.salted().expiring(),
          "user ID, expiration and salt", STANDARD.expiring().salted().expirationBeforeSalt());

  private final VaultFixture fixture = VaultFixture.inMemory();
  private final SecretVault vault = fixture.vault;

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void userIds_secondSelectionOrOrder_isRefused() {
    int refused = 0;
    for (Map.Entry<String, UserIdPolicy> first : SELECTIONS.entrySet()) {
      SecretId id = VaultFixture.create(vault, first.getKey());
      vault.userIds(id, first.getValue());
      for (Map.Entry<String, UserIdPolicy> second : SELECTIONS.entrySet()) {
        if (second.equals(first)) {
          assertThat(vault.userIds(id, second.getValue()).id()).isEqualTo(id);
        } else {
          assertThatIllegalStateException()
              .isThrownBy(() -> vault.userIds(id, second.getValue()))
              .withMessageStartingWith("policy: it joins " + second.getKey() + ", ")
              .withMessageContaining("joins " + first.getKey() + ", ");
          refused++;
        }
      }
    }
    assertThat(refused).isEqualTo(12);
  }

  @Test
  void userIds_thatJoinNothingOrTheSame_goBesideAnySelection() {
    SecretId id = VaultFixture.create(vault, "secret");
    UserIdPolicy first = STANDARD.salted();
    vault.userIds(id);
    vault.userIds(id, first);
    for (UserIdPolicy each :
        List.of(
            STANDARD,
            UserIdPolicy.bound(),
            UserIdPolicy.bound().salted().expiring(),
            first.expirationBeforeSalt(),
            first.secretId("another").stampVersions(),
            UserIdPolicy.of(DigestAlgorithm.HMAC_SHA1).salted())) {
      assertThat(vault.userIds(id, each).id()).isEqualTo(id);
    }
    vault.userIds(VaultFixture.create(vault, "other"), STANDARD.expiring());
  }

  @Test
  void userIds_secondSelection_isRefusedInEachViewAndAfterEachChange() {
    SecretVault tenant = vault.namespace("tenant");
    SecretId id = VaultFixture.create(tenant, "secret");
    tenant.userIds(id, STANDARD.expiring());
    tenant.rotate(id, NewValue.generated()).close();
    tenant.activate(id);
    tenant.update(id, SecretUpdate.none().name("renamed"));
    SecretVault other = vault.namespace("tenant");
    for (SecretVault each :
        List.of(other, other.restrictedTo(Set.of(Permission.DIGEST)), other.actingAs("alice"))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> each.userIds("renamed", STANDARD.salted()))
          .withMessageStartingWith("policy: ");
    }
    assertThatThrownBy(() -> vault.userIds(id, STANDARD.salted()))
        .isInstanceOf(SecretNotFoundException.class);
  }

  /** Else whoever asks for what they may not use would settle what others can. */
  @Test
  void userIds_thatFailed_settleNothing() {
    SecretId id = VaultFixture.create(vault, "secret");
    vault.deactivate(id);
    assertThatThrownBy(() -> vault.userIds(id, STANDARD.salted()))
        .isInstanceOf(SecretNotActiveException.class);
    vault.activate(id);
    vault.userIds(id, STANDARD.expiring());
    assertThatIllegalStateException().isThrownBy(() -> vault.userIds(id, STANDARD.salted()));
    vault.userIds(id, STANDARD.expiring());
  }

  @Test
  void candidates_ofAClaim_areItsDigestsUnderEachVersion() {
    Instant end = VaultFixture.START.plusSeconds(9);
    UserIdClaim claim = UserIdClaim.of("user").salt("salt").expiresAt(end);
    int policies = 0;
    for (UserIdPolicy policy :
        List.of(
            STANDARD.salted().expiring(),
            STANDARD.salted().expiring().stampVersions(),
            UserIdPolicy.bound().stampVersions())) {
      SecretId id = VaultFixture.create(vault, "secret " + policies++);
      UserIdAuthenticator users = vault.userIds(id, policy);
      UserIdClaim each = policies == 3 ? claim.context("action", "view") : claim;
      String first = users.sign(each).digest().hex();
      vault.rotate(id, NewValue.generated()).close();
      vault.activate(id);
      String second = users.sign(each).digest().hex();
      assertThat(users.candidates(each).stream().map(Digest::hex)).containsExactly(second, first);
    }
    UserIdAuthenticator both = vault.userIds("secret 0", STANDARD.salted().expiring());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> both.candidates(UserIdClaim.of("user")))
        .withMessageStartingWith("salt: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> both.candidates(claim.context("action", "view")))
        .withMessageStartingWith("context: ");
  }

  /**
   * Why: what each selection signs is right under the others, which only another vault lets try.
   */
  @Test
  void digestsOfOneSelection_areRightUnderAnother() {
    SecretId id = VaultFixture.create(vault, "secret");
    UserIdAuthenticator expiring = vault.userIds(id, STANDARD.expiring().secretId("sid"));
    String user = new UUID(1, 2).toString();
    Instant end = VaultFixture.START.plusSeconds(9);
    UserIdToken token = expiring.sign(UserIdClaim.of(user).expiresAt(end));
    List<Boolean> genuine = new ArrayList<>();
    try (SecretVault unchecked = fixture.open()) {
      UserIdAuthenticator salted = unchecked.userIds(id, STANDARD.salted().secretId("sid"));
      String salt = Long.toString(end.getEpochSecond());
      UserIdToken same = salted.sign(UserIdClaim.of(user).salt(salt));
      assertThat(same.digest().hex()).isEqualTo(token.digest().hex());
      fixture.clock.set(end);
      genuine.add(salted.verify(same).genuine());
      genuine.add(expiring.verify(token).genuine());
    }
    assertThat(genuine).containsExactly(true, false);
  }
}
