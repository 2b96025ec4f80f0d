package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.SecretStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who may use a secret, how often, and what is left of it, a row for each rule, beside those in
 * {@link LifeRulesTest}.
 *
 * <p>Not here, as tests of their own show them: the audit trail; and how fast other processes and
 * nodes follow, which is the stores' promise.
 */
class UseRulesTest extends BehaviourTable {

  UseRulesTest() {
    passphrases();
    removal();
    limits();
    permissions();
    updates();
  }

  private void passphrases() {
    row(
        "a value under a passphrase takes it, whatever else opens the vault, and makes no digests",
        (fixture, vault) -> {
          create(vault, text("web", "v").active().passphrase("pass".toCharArray()));
          refused(WrongPassphraseException.class, () -> vault.reveal("web"));
          refused(WrongPassphraseException.class, () -> reveal(vault, "web", "Pass"));
          refused(NotRevealableException.class, () -> vault.hmac("web", "u"));
          assertThat(reveal(vault, "web", "pass")).isEqualTo("v");
        });
    row(
        "five wrong guesses lock a caller out for 1800 s, and a right one clears the count",
        (fixture, vault) -> {
          create(vault, text("web", "v").active().passphrase("pass".toCharArray()));
          char[] right = "pass".toCharArray();
          char[] wrong = "wrong".toCharArray();
          refused(WrongPassphraseException.class, () -> vault.reveal("web", wrong, "ann"));
          vault.reveal("web", right, "ann").close();
          for (int left = 4; left >= 0; left--) {
            int expected = left;
            assertThatThrownBy(() -> vault.reveal("web", wrong, "ann"))
                .isInstanceOfSatisfying(
                    WrongPassphraseException.class,
                    e -> assertThat(e.attemptsLeft()).isEqualTo(expected));
          }
          assertThatThrownBy(() -> vault.reveal("web", right, "ann"))
              .isInstanceOfSatisfying(
                  PassphraseLockedException.class,
                  e -> assertThat(e.retryAfter()).hasSeconds(1_800));
          vault.reveal("web", right, "bob").close();
          fixture.clock.advance(SECOND.multipliedBy(1_800));
          vault.reveal("web", right, "ann").close();
        });
  }

  private void removal() {
    row(
        "deleting is irreversible, erases the value, and is false the second time",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          assertThat(vault.delete(id)).isTrue();
          assertThat(vault.delete(id)).isFalse();
          refused(SecretNotFoundException.class, () -> vault.reveal(id));
          try (SecretStore store = fixture.newStore()) {
            assertThat(VaultFixture.stored(store)).containsOnlyKeys(HeaderRecord.KEY);
          }
        });
  }

  private void limits() {
    row(
        "secrets of a namespace are limited where that is set, those whose value is gone left out",
        (fixture, vault) -> {
          try (SecretVault two = limited(fixture, VaultLimits.defaults().maxSecrets(2))) {
            once(two, "link");
            active(two, "web", "v");
            refused(QuotaExceededException.class, () -> active(two, "app", "v"));
            assertThat(two.find("app")).isEmpty();
            active(two.namespace("tenant"), "app", "v");
            reveal(two, "link");
            active(two, "app", "v");
          }
        });
    row(
        "calls are limited in a sliding window where that is set, by namespace and operation",
        (fixture, vault) -> {
          active(vault, "web", "v");
          VaultLimits limits =
              VaultLimits.defaults().rate(Permission.REVEAL, 2, SECOND.multipliedBy(60));
          try (SecretVault two = limited(fixture, limits)) {
            reveal(two, "web");
            fixture.clock.advance(SECOND);
            reveal(two, "web");
            assertThatThrownBy(() -> reveal(two, "web"))
                .isInstanceOfSatisfying(
                    RateLimitExceededException.class,
                    e -> {
                      assertThat(e.limit()).isEqualTo(2);
                      assertThat(e.remaining()).isZero();
                      assertThat(e.retryAfter()).hasSeconds(59);
                      assertThat(e.resetAt()).isEqualTo(VaultFixture.START.plusSeconds(61));
                    });
            assertThat(two.hmac("web", "u").hex()).hasSize(64);
            refused(
                SecretNotFoundException.class, () -> two.namespace("tenant").reveal("web").close());
            fixture.clock.advance(SECOND.multipliedBy(59));
            assertThat(reveal(two, "web")).isEqualTo("v");
          }
        });
  }

  private void permissions() {
    row(
        "a view may do what it was given, and cannot regain what it lacks",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          SecretVault signer = vault.restrictedTo(Set.of(Permission.DIGEST));
          assertThat(digest(signer, id)).isEqualTo(genuine("v"));
          SecretVault regained = signer.restrictedTo(EnumSet.allOf(Permission.class));
          for (SecretVault view : List.of(signer, regained)) {
            refused(AccessDeniedException.class, () -> view.reveal(id));
            refused(AccessDeniedException.class, () -> view.describe(id));
          }
        });
    row(
        "digesting takes no permission to reveal, nor does listing give one",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          SecretVault lister = vault.restrictedTo(Set.of(Permission.LIST));
          assertThat(lister.list(ListQuery.all()).items()).hasSize(1);
          refused(AccessDeniedException.class, () -> lister.reveal(id));
          refused(AccessDeniedException.class, () -> digest(lister, id));
          refused(AccessDeniedException.class, () -> lister.matches(id, new byte[1]));
        });
    row(
        "whatever changes what signs takes the permission to activate",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          SecretVault view =
              vault.restrictedTo(EnumSet.complementOf(EnumSet.of(Permission.ACTIVATE)));
          create(view, text("app", "v"));
          rotate(view, id, "w");
          List<Runnable> choices =
              List.of(
                  () -> view.create(text("ios", "v").active()),
                  () -> view.putIfChanged(text("web", "v")),
                  () -> view.activate(id),
                  () -> view.deactivate(id),
                  () -> view.rollback(id));
          choices.forEach(choice -> refused(AccessDeniedException.class, choice::run));
        });
  }

  private void updates() {
    row(
        "absent fields of an update stay",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v").description("d").label("k", "v"));
          SecretInfo after = vault.update(id, SecretUpdate.none().label("l", "w"));
          assertThat(after.name()).isEqualTo("web");
          assertThat(after.description()).isEqualTo("d");
          assertThat(after.labels()).isEqualTo(Map.of("k", "v", "l", "w"));
        });
    row(
        "an update of another revision than the named one is refused",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v"));
          SecretUpdate update = SecretUpdate.none().description("d").ifRevision(1);
          assertThat(vault.update(id, update).revision()).isEqualTo(2);
          refused(StaleRevisionException.class, () -> vault.update(id, update));
        });
    row(
        "a deactivated secret stops signing at once in its process, in other vaults too",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          try (SecretVault other = fixture.open()) {
            assertThat(digest(other, id)).isEqualTo(digest(vault, id));
            vault.deactivate(id);
            refused(SecretNotActiveException.class, () -> digest(vault, id));
            refused(SecretNotActiveException.class, () -> digest(other, id));
          }
        });
  }

  /** As it is written in the log of the file store. */
  @Test
  void deletingAndRevealingOnce_leaveNoCiphertextInAnyFile(@TempDir Path directory)
      throws Exception {
    try (VaultFixture fixture = VaultFixture.onFiles(directory.resolve("vault"))) {
      SecretId deleted = active(fixture.vault, "web", "v");
      SecretId revealed = once(fixture.vault, "link");
      List<String> written =
          Stream.of(deleted, revealed)
              .flatMap(id -> valueRecords(fixture.stored(), id).stream())
              .map(stored -> Base64.getEncoder().encodeToString(stored.bytes()))
              .toList();
      assertThat(written).hasSize(2).allMatch(text -> isInAFile(directory, text));
      fixture.vault.delete(deleted);
      fixture.vault.reveal(revealed).close();
      assertThat(written).noneMatch(text -> isInAFile(directory, text));
    }
  }

  private static boolean isInAFile(Path directory, String text) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
