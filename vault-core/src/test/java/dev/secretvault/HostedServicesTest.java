package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What users of hosted secret services are used to in the life of a secret, a row for each thing
 * that makes sense in a process; {@link HostedUseTest} has those of its use.
 *
 * <p>Not here, as tests of their own show them: removal of what has expired and a clock that is set
 * back; links, burning and receipts of one-time secrets, with times to live that are put right
 * instead of refused. Not in a process: a flag to confirm a reveal, since looking and revealing are
 * two methods; secrets whose value was lost apart from them, since both are written in one commit;
 * recipients and actors.
 */
class HostedServicesTest extends BehaviourTable {

  HostedServicesTest() {
    creation();
    reading();
    changing();
    time();
  }

  private void creation() {
    row(
        "a generated value is shown by its creation alone, and nothing else has a value in it",
        (fixture, vault) -> {
          try (CreatedSecret created = vault.create(SecretSpec.named("web").generated().active())) {
            assertThat(VaultFixture.textOf(created.value())).hasSize(43);
            assertThat(created.info().toString() + created + created.value())
                .doesNotContain(VaultFixture.textOf(created.value()));
          }
          refused(NotRevealableException.class, () -> vault.reveal("web"));
        });
    row(
        "a given value is copied, so that its array can be overwritten at once",
        (fixture, vault) -> {
          char[] given = "value".toCharArray();
          SecretSpec spec = SecretSpec.named("web").value(given).active();
          given[0] = 'x';
          create(vault, spec);
          assertThat(reveal(vault, "web")).isEqualTo("value");
        });
    row(
        "a secret is created disabled, and activated by a step of its own that can be repeated",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v"));
          refused(SecretNotActiveException.class, () -> vault.reveal(id));
          vault.activate(id);
          vault.activate(id);
          assertThat(reveal(vault, "web")).isEqualTo("v");
        });
    row(
        "a terminal secret is neither activated nor deactivated",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          reveal(vault, "link");
          refused(AlreadyRevealedException.class, () -> vault.activate(id));
          refused(AlreadyRevealedException.class, () -> vault.deactivate(id));
        });
    row(
        "names follow a policy: a length in code points, letters, reserved beginnings in any case",
        (fixture, vault) -> {
          NamePolicy policy = NamePolicy.IDENTIFIER.maxLength(40).reservedPrefixes("wix");
          assertThat(policy.check("x".repeat(40))).hasSize(40);
          for (String name : List.of("x".repeat(41), "a b", "WIX-a")) {
            refused("name: ", () -> policy.check(name));
          }
        });
    row(
        "a description and labels are optional, and come back in the secret's description only",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v").description("for web").label("env", "test"));
          assertThat(vault.describe(id).description()).isEqualTo("for web");
          assertThat(vault.list(ListQuery.all().label("env", "test")).items()).hasSize(1);
          assertThat(vault.describe(create(vault, text("app", "v"))).description()).isEmpty();
        });
    row(
        "a creation that is tried again makes no second secret",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v"));
          refused(DuplicateNameException.class, () -> vault.create(text("web", "v")));
          assertThat(vault.list(ListQuery.all()).items())
              .extracting(SecretInfo::id)
              .containsExactly(id);
        });
    row(
        "organizations, teams and sites are namespaces, and see nothing of each other",
        (fixture, vault) -> {
          SecretVault red = vault.namespace("red");
          SecretId id = active(red, "web", "v");
          assertThat(vault.find("web")).isEmpty();
          refused(SecretNotFoundException.class, () -> vault.namespace("blue").reveal(id));
          assertThat(reveal(red, "web")).isEqualTo("v");
        });
    row(
        "at most 300 secrets of an organization are kept, where that is set",
        (fixture, vault) -> {
          try (SecretVault many = limited(fixture, VaultLimits.defaults().maxSecrets(300))) {
            for (int i = 0; i < 300; i++) {
              create(many, text("name-" + i, "v"));
            }
            refused(QuotaExceededException.class, () -> many.create(text("another", "v")));
          }
        });
  }

  private void reading() {
    row(
        "describing and listing change nothing and give no value",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          SecretInfo first = vault.describe(id);
          assertThat(vault.list(ListQuery.all()).items()).containsExactly(first);
          assertThat(vault.find("link")).contains(first);
          assertThat(vault.describe(id)).isEqualTo(first);
          assertThat(reveal(vault, "link")).isEqualTo("v");
        });
    row(
        "a response that is lost forfeits a value that is revealed once",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault other = fixture.open(store)) {
            store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
            assertThatThrownBy(() -> other.reveal(id))
                .isInstanceOfSatisfying(
                    StoreFailedException.class, e -> assertThat(e.outcomeKnown()).isFalse());
          }
          refused(AlreadyRevealedException.class, () -> vault.reveal(id));
        });
    row(
        "what is read is found by name or id; what is changed, by id, which a new name leaves",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          vault.update(id, SecretUpdate.none().name("app"));
          assertThat(vault.hmac("app", "u").hex()).isEqualTo(digest(vault, id));
          refused(SecretNotFoundException.class, () -> vault.reveal("web"));
        });
    row(
        "a list goes on behind its cursor, in pages of 1 to 100, though the cursor's secret is gone",
        (fixture, vault) -> {
          refused("limit: ", () -> ListQuery.all().limit(0));
          refused("limit: ", () -> ListQuery.all().limit(101));
          SecretId first = create(vault, text("a", "v"));
          fixture.clock.advance(SECOND);
          SecretId second = create(vault, text("b", "v"));
          Page<SecretInfo> page = vault.list(ListQuery.all().limit(1));
          assertThat(page.next()).isEqualTo(Optional.of(first.text()));
          vault.delete(first);
          assertThat(vault.list(ListQuery.all().after(first.text())).items())
              .extracting(SecretInfo::id)
              .containsExactly(second);
        });
    row(
        "an unknown secret is empty to who looks, an error to who uses it, false to who verifies",
        (fixture, vault) -> {
          assertThat(vault.find("web")).isEmpty();
          refused(SecretNotFoundException.class, () -> vault.hmac("web", "u"));
          refused(SecretNotFoundException.class, () -> vault.activate(UNKNOWN));
          assertThat(vault.verify("web", "u", "00".repeat(32))).isFalse();
          assertThat(vault.delete(UNKNOWN)).isFalse();
        });
    row(
        "a secret is put into a text by reference, lent, and overwritten",
        (fixture, vault) -> {
          active(vault, "key", "v");
          List<char[]> lent = new ArrayList<>();
          vault.<Boolean>resolve("Bearer {{secret:key}}", lent::add);
          assertThat(lent.get(0)).hasSize("Bearer v".length()).containsOnly('\0');
          assertThat(vault.<String>resolve("Bearer {{secret:key}}", String::new))
              .isEqualTo("Bearer v");
        });
  }

  private void changing() {
    row(
        "an update changes the fields that it names, and takes no name that is taken",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v").description("d"));
          create(vault, text("app", "v"));
          SecretUpdate rename = SecretUpdate.none().name("app");
          refused(DuplicateNameException.class, () -> vault.update(id, rename));
          SecretInfo after = vault.update(id, SecretUpdate.none().name("ios").ifRevision(1));
          assertThat(after.description()).isEqualTo("d");
          refused(
              StaleRevisionException.class,
              () -> vault.update(id, SecretUpdate.none().ifRevision(1)));
        });
    row(
        "a rotation leaves the former value verifying, until it is taken away",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "old");
          String old = digest(vault, id);
          rotate(vault, id, "new");
          vault.activate(id);
          assertThat(digest(vault, id)).isNotEqualTo(old);
          assertThat(vault.verify(id, "u", old)).isTrue();
          vault.retire(id, 1);
          assertThat(vault.verify(id, "u", old)).isFalse();
        });
    row(
        "a value that is put is created, changed or left, and the caller is told",
        (fixture, vault) -> {
          assertThat(List.of("a", "a", "b", "b"))
              .extracting(value -> vault.putIfChanged(text("web", value)).outcome())
              .containsExactly(
                  PutSecret.Outcome.CREATED,
                  PutSecret.Outcome.UNCHANGED,
                  PutSecret.Outcome.CHANGED,
                  PutSecret.Outcome.UNCHANGED);
        });
    row(
        "what is deleted is gone for good, and a late change does not bring it back",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          FaultyStore store = new FaultyStore(fixture.newStore());
          try (SecretVault late = fixture.open(store)) {
            assertThat(late.describe(id).name()).isEqualTo("web");
            store.nth(Call.COMMIT, 1).before(() -> vault.delete(id));
            refused(SecretNotFoundException.class, () -> late.deactivate(id));
          }
          try (SecretStore left = fixture.newStore()) {
            assertThat(VaultFixture.stored(left)).containsOnlyKeys(HeaderRecord.KEY);
          }
        });
    row(
        "a secret can be switched off and on again",
        (fixture, vault) -> {
          SecretId id = active(vault, "web", "v");
          String digest = digest(vault, id);
          vault.deactivate(id);
          assertThat(vault.verify(id, "u", digest)).isFalse();
          vault.activate(id);
          assertThat(vault.verify(id, "u", digest)).isTrue();
        });
    row(
        "what was revealed once can still be described, and stays revealed",
        (fixture, vault) -> {
          SecretId id = once(vault, "link");
          reveal(vault, "link");
          assertThat(vault.describe(id).state()).isEqualTo(SecretState.REVEALED);
          refused(
              AlreadyRevealedException.class,
              () ->
                  vault.update(
                      id, SecretUpdate.none().expiresAt(VaultFixture.START.plusSeconds(1))));
        });
  }

  private void time() {
    row(
        "a time to live is taken as it is or refused, never put right",
        (fixture, vault) -> {
          refused("expiresAfter: ", () -> text("web", "v").expiresAfter(SECOND.negated()));
          SecretId id = create(vault, text("web", "v").expiresAfter(SECOND));
          assertThat(vault.describe(id).expiresAt()).isEqualTo(VaultFixture.START.plusSeconds(1));
        });
    row(
        "no change of a secret makes it live longer, but an update that says so in time",
        (fixture, vault) -> {
          SecretId id = create(vault, text("web", "v").expiresAfter(SECOND));
          vault.activate(id);
          rotate(vault, id, "w");
          vault.activate(id);
          vault.deactivate(id);
          assertThat(vault.describe(id).expiresAt()).isEqualTo(VaultFixture.START.plusSeconds(1));
          fixture.clock.advance(SECOND);
          refused(SecretExpiredException.class, () -> vault.activate(id));
          refused(
              SecretExpiredException.class,
              () -> vault.update(id, SecretUpdate.none().neverExpires()));
        });
  }
}
