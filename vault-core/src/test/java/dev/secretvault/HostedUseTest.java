package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What users of hosted secret services are used to in the use of a secret, a row for each thing
 * that makes sense in a process, beside those in {@link HostedServicesTest}.
 *
 * <p>Not here, as tests of their own show them: how guesses are counted ({@link ShareServicesTest},
 * {@link PassphraseAttemptsTest}); what a sealed record is bound to ({@link VaultTamperingTest});
 * the codes of errors ({@link VaultExceptionTest}); audit events; and digests of other algorithms,
 * with salt, expiry or context. Not in a process: one answer for a wrong passphrase and a missing
 * secret, since the caller is trusted and gets two exceptions.
 */
class HostedUseTest extends BehaviourTable {

  HostedUseTest() {
    passphrases();
    digests();
    keys();
    others();
  }

  private void passphrases() {
    row(
        "no passphrase is none at all, an empty one is refused, and blanks are kept",
        (fixture, vault) -> {
          refused("passphrase: 1 to ", () -> text("web", "v").passphrase(new char[0]));
          create(vault, text("web", "v").active().passphrase("   ".toCharArray()));
          refused(WrongPassphraseException.class, () -> reveal(vault, "web", "  "));
          assertThat(reveal(vault, "web", "   ")).isEqualTo("v");
        });
    row(
        "only who gives a passphrase is counted, not who gives none",
        (fixture, vault) -> {
          create(vault, text("web", "v").active().passphrase("pass".toCharArray()));
          for (int i = 0; i < 25; i++) {
            assertThatThrownBy(() -> vault.reveal("web"))
                .isInstanceOfSatisfying(
                    WrongPassphraseException.class,
                    e -> assertThat(e.attemptsLeft()).isEqualTo(20));
          }
        });
  }

  private void digests() {
    row(
        "the key of a digest is the secret's text as it is shown, not what it may encode",
        (fixture, vault) -> {
          active(vault, "web", "secret");
          assertThat(vault.hmac("web", "user@domain.com").hex())
              .isEqualTo("19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3");
        });
    row(
        "a digest is accepted in either case, and no other text is",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          String digest = digest(vault, id);
          assertThat(vault.verify(id, "u", digest.toUpperCase(Locale.ROOT))).isTrue();
          for (String wrong : List.of("", digest.substring(2), digest + "00", "x".repeat(64))) {
            assertThat(vault.verify(id, "u", wrong)).isFalse();
          }
          assertThat(vault.verify(id, "U", digest)).isFalse();
        });
    row(
        "who may not use a secret gets an exception for a digest, and false for a verification",
        (fixture, vault) -> {
          SecretId off = create(vault, text("off", "v"));
          SecretId over = create(vault, text("over", "v").active().expiresAfter(SECOND));
          SecretId gone = active(vault, "gone", "v");
          String digest = digest(vault, gone);
          vault.delete(gone);
          fixture.clock.advance(SECOND);
          refused(SecretNotActiveException.class, () -> digest(vault, off));
          refused(SecretExpiredException.class, () -> digest(vault, over));
          refused(SecretNotFoundException.class, () -> digest(vault, gone));
          for (SecretId id : List.of(off, over, gone)) {
            assertThat(vault.verify(id, "u", digest)).isFalse();
          }
        });
    row(
        "a digest consumes nothing, and takes no permission to reveal",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          SecretVault signer = vault.restrictedTo(Set.of(Permission.DIGEST));
          assertThat(digest(signer, id)).isEqualTo(digest(signer, id));
          assertThat(reveal(vault, "link")).isEqualTo("v");
        });
  }

  private void keys() {
    row(
        "a value does not open in another secret's place",
        (fixture, vault) -> {
          SecretId web = active(vault, "web", "v");
          SecretId app = active(vault, "app", "w");
          try (SecretStore store = fixture.newStore()) {
            StoredRecord one = VaultFixture.stored(store).get(valueKey(store, web));
            StoredRecord other = VaultFixture.stored(store).get(valueKey(store, app));
            store.commit(List.of(Change.delete(one.key(), 1)));
            store.commit(List.of(Change.put(one.key(), 0, other.bytes())));
          }
          refused(IntegrityException.class, () -> vault.reveal(web));
          assertThat(reveal(vault, "app")).isEqualTo("w");
        });
    row(
        "after a rotation of keys old values open and new ones are sealed under the new keys",
        (fixture, vault) -> {
          active(vault, "old", "v");
          int epoch = vault.keys().rotate();
          active(vault, "new", "w");
          assertThat(VaultFixture.epochs(fixture.stored())).containsOnlyKeys(epoch - 1, epoch);
          assertThat(reveal(fixture.vault, "old") + reveal(fixture.vault, "new")).isEqualTo("vw");
        });
    row(
        "a wrong master key fails when the vault is opened, before it can harm anything",
        (fixture, vault) -> {
          byte[] other = fixture.masterKey.clone();
          other[0] ^= 1;
          refused(WrongMasterKeyException.class, () -> fixture.open(MasterKey.fromBytes(other)));
        });
    row(
        "ids cannot be guessed, and what is no id is refused, not mended",
        (fixture, vault) -> {
          String one = create(vault, text("a", "v")).text();
          String other = create(vault, text("b", "v")).text();
          assertThat(one.substring(10)).isNotEqualTo(other.substring(10)).hasSize(16);
          refused("id: ", () -> SecretId.of(one + " "));
          refused("id: ", () -> SecretId.of(one.toUpperCase(Locale.ROOT)));
        });
  }

  private static RecordKey valueKey(SecretStore store, SecretId id) {
    return VaultFixture.stored(store).keySet().stream()
        .filter(key -> key.text().contains(".v." + id + "."))
        .findFirst()
        .orElseThrow();
  }

  private void others() {
    row(
        "a generator refuses a length that its classes do not fit, and one that is too long",
        (fixture, vault) -> {
          refused("length: ", () -> PasswordPolicy.ofLength(2));
          refused("length: ", () -> PasswordPolicy.ofLength(129));
        });
    row(
        "calls beyond a rate are refused with when to try again, and do not prolong the wait",
        (fixture, vault) -> {
          VaultLimits limits = VaultLimits.defaults().rate(Permission.LIST, 1, SECOND);
          try (SecretVault slow = limited(fixture, limits)) {
            slow.list(ListQuery.all());
            for (int i = 0; i < 3; i++) {
              assertThatThrownBy(() -> slow.list(ListQuery.all()))
                  .isInstanceOfSatisfying(
                      RateLimitExceededException.class,
                      e -> {
                        assertThat(e.retryAfter()).isEqualTo(SECOND);
                        assertThat(e.retryable()).isTrue();
                      });
            }
            fixture.clock.advance(SECOND);
            assertThat(slow.list(ListQuery.all()).items()).isEmpty();
          }
        });
    row(
        "each operation takes permissions of its own",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          for (Permission lacking : EnumSet.of(Permission.DELETE, Permission.UPDATE)) {
            SecretVault view = vault.restrictedTo(EnumSet.complementOf(EnumSet.of(lacking)));
            assertThat(reveal(view, "web")).isEqualTo("v");
            refused(
                AccessDeniedException.class,
                () -> {
                  view.update(id, SecretUpdate.none());
                  view.delete(id);
                });
          }
          assertThat(vault.find("web")).isPresent();
        });
  }
}
