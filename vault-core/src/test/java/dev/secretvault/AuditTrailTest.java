package dev.secretvault;

import static dev.secretvault.AuditEvent.Kind.ACTIVATED;
import static dev.secretvault.AuditEvent.Kind.CREATED;
import static dev.secretvault.AuditEvent.Kind.DEACTIVATED;
import static dev.secretvault.AuditEvent.Kind.DELETED;
import static dev.secretvault.AuditEvent.Kind.EPOCH_BEGUN;
import static dev.secretvault.AuditEvent.Kind.EPOCH_RETIRED;
import static dev.secretvault.AuditEvent.Kind.MASTER_KEY_CHANGED;
import static dev.secretvault.AuditEvent.Kind.PASSPHRASE_ACCEPTED;
import static dev.secretvault.AuditEvent.Kind.PASSPHRASE_LOCKED;
import static dev.secretvault.AuditEvent.Kind.PASSPHRASE_TRIED;
import static dev.secretvault.AuditEvent.Kind.RECORD_DISCARDED;
import static dev.secretvault.AuditEvent.Kind.REPLACED;
import static dev.secretvault.AuditEvent.Kind.RETIRED;
import static dev.secretvault.AuditEvent.Kind.REVEALED;
import static dev.secretvault.AuditEvent.Kind.ROLLED_BACK;
import static dev.secretvault.AuditEvent.Kind.ROTATED;
import static dev.secretvault.AuditEvent.Kind.UNLOCK_ADDED;
import static dev.secretvault.AuditEvent.Kind.UNLOCK_REMOVED;
import static dev.secretvault.AuditEvent.Kind.UPDATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Which acts leave which events, who may read them, and what is in them. */
class AuditTrailTest extends AuditFixture {

  private static NewValue value(String text) {
    return NewValue.of(text.toCharArray());
  }

  @Test
  void eachAct_leavesItsEvent() {
    SecretId id = create("web");
    vault.update(id, SecretUpdate.none().description("new"));
    vault.rotate(id, value("second")).close();
    vault.activate(id);
    vault.rollback(id);
    vault.retire(id, 2);
    vault.deactivate(id);
    vault.putIfChanged(SecretSpec.named("web").value("third".toCharArray()));
    vault.putIfChanged(SecretSpec.named("other").value("x".toCharArray()));
    SecretId other = vault.find("other").orElseThrow().id();
    vault.delete(id);
    assertThat(events())
        .extracting(AuditEvent::kind, AuditEvent::secret, AuditEvent::version)
        .containsExactly(
            tuple(CREATED, id, 1),
            tuple(UPDATED, id, 0),
            tuple(ROTATED, id, 2),
            tuple(ACTIVATED, id, 2),
            tuple(ROLLED_BACK, id, 1),
            tuple(RETIRED, id, 2),
            tuple(DEACTIVATED, id, 0),
            tuple(REPLACED, id, 3),
            tuple(CREATED, other, 1),
            tuple(DELETED, id, 0));
    assertThat(events())
        .extracting(AuditEvent::sequence)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, 10).boxed().toList());
    assertThat(events()).extracting(AuditEvent::at).containsOnly(VaultFixture.START);
    assertThat(intact()).isEqualTo(new AuditVerification(1, 10, Optional.empty()));
  }

  @Test
  void actsThatChangeNothing_orAreRefused_andDigests_leaveNone() {
    SecretId id = create("web");
    int commits = store.calls(Call.COMMIT);
    vault.activate(id);
    vault.update(id, SecretUpdate.none());
    vault.putIfChanged(text("web"));
    assertThatThrownBy(() -> create("web")).isInstanceOf(DuplicateNameException.class);
    assertThatThrownBy(() -> vault.rollback(id)).isInstanceOf(IllegalArgumentException.class);
    assertThat(vault.verify(id, "u", vault.hmac(id, "u").hex())).isTrue();
    assertThat(vault.matches(id, "value".toCharArray())).isTrue();
    vault.reveal(id).close();
    vault.list(ListQuery.all());
    assertThat(vault.delete(SecretId.of("0".repeat(26)))).isFalse();
    assertThat(kinds()).containsExactly(CREATED);
    assertThat(store.calls(Call.COMMIT)).as("but for the refused creation").isEqualTo(commits + 1);
  }

  @Test
  void reveals_areEventsOfOnceAlways_andOfOthersIfAskedFor() {
    SecretId once = VaultFixture.create(vault, text("once").disclosure(Disclosure.ONCE));
    vault.reveal(once).close();
    assertThat(kinds()).containsExactly(CREATED, REVEALED);
    SecretVault telling = another(AuditPolicy.keep(1_000).withReveals());
    SecretId id = create("web");
    telling.reveal(id).close();
    telling.resolve("{{secret:web}}", String::new);
    assertThat(events(telling, AuditQuery.all().kind(REVEALED)))
        .extracting(AuditEvent::secret, AuditEvent::version)
        .containsExactly(tuple(once, 1), tuple(id, 1), tuple(id, 1));
    SecretVault following = unaudited();
    following.reveal(id).close();
    assertThat(events(telling, AuditQuery.all().kind(REVEALED))).hasSize(4);
    intact();
  }

  /** Or the reveal does not happen. */
  @Test
  void revealThatCannotBeTold_doesNotHappen() {
    SecretVault telling = another(AuditPolicy.keep(1_000).withReveals());
    SecretId id = create("web");
    telling.reveal(id).close();
    StoredRecord head = storedHead();
    replace(head.key(), head.revision(), new byte[100]);
    assertThatThrownBy(() -> telling.reveal(id)).isInstanceOf(IntegrityException.class);
  }

  @Test
  void passphrases_areTriedAcceptedAndLocked() {
    SecretId id = VaultFixture.create(vault, text("web").passphrase("right".toCharArray()));
    char[] wrong = "wrong".toCharArray();
    vault.reveal(id, "right".toCharArray()).close();
    assertThatThrownBy(() -> vault.reveal(id, wrong, "mallory"))
        .isInstanceOf(WrongPassphraseException.class);
    assertThat(kinds())
        .containsExactly(CREATED, PASSPHRASE_TRIED, PASSPHRASE_ACCEPTED, PASSPHRASE_TRIED);
    for (int guess = 1; guess < 5; guess++) {
      assertThatThrownBy(() -> vault.reveal(id, wrong, "mallory"))
          .isInstanceOf(WrongPassphraseException.class);
    }
    assertThatThrownBy(() -> vault.reveal(id, wrong, "mallory"))
        .isInstanceOf(PassphraseLockedException.class);
    assertThat(kinds().subList(4, kinds().size()))
        .containsExactly(
            PASSPHRASE_TRIED,
            PASSPHRASE_TRIED,
            PASSPHRASE_TRIED,
            PASSPHRASE_TRIED,
            PASSPHRASE_LOCKED);
    assertThat(events()).extracting(AuditEvent::secret).containsOnly(id);
  }

  @Test
  void changesOfKeys_areEventsOfTheirCommits() {
    SecretVault tenant = vault.namespace("tenant");
    VaultFixture.create(tenant, text("web"));
    int commits = store.calls(Call.COMMIT);
    VaultKeys keys = tenant.actingAs("op").keys();
    assertThat(keys.rotate()).isEqualTo(2);
    keys.removeUnlock(keys.addUnlock(MasterKey.fromPassphrase("p".toCharArray())).id());
    byte[] second = new byte[MasterKey.BYTES];
    Arrays.fill(second, (byte) 2);
    keys.changeMasterKey(key(), MasterKey.fromBytes(second));
    assertThat(store.calls(Call.COMMIT)).isEqualTo(commits + 4);
    keys.reencrypt(progress -> {});
    keys.retire(1);
    assertThat(events())
        .extracting(AuditEvent::kind, AuditEvent::version)
        .containsExactly(
            tuple(EPOCH_BEGUN, 2),
            tuple(UNLOCK_ADDED, 0),
            tuple(UNLOCK_REMOVED, 0),
            tuple(MASTER_KEY_CHANGED, 0),
            tuple(EPOCH_RETIRED, 1));
    assertThat(events()).allMatch(event -> event.secret() == null);
    assertThat(events()).extracting(AuditEvent::actor).containsOnly("op");
    intact();
    assertThat(tenant.audit().verify()).matches(AuditVerification::intact);
    assertThat(VaultFixture.epochs(VaultFixture.stored(attacker))).containsOnlyKeys(2);
    create("after");
    intact();
  }

  @Test
  void discardedRecord_isAnEventOfItsNamespace() {
    SecretVault tenant = vault.namespace("tenant");
    SecretId id = VaultFixture.create(tenant, text("web"));
    RecordKey damaged =
        VaultFixture.stored(attacker).keySet().stream()
            .filter(key -> key.text().contains(".v." + id))
            .findFirst()
            .orElseThrow();
    replace(damaged, 1, new byte[40]);
    assertThat(vault.actingAs("op").keys().discard(damaged.text())).isTrue();
    assertThat(events(tenant, AuditQuery.all()))
        .extracting(AuditEvent::kind, AuditEvent::actor)
        .containsExactly(tuple(CREATED, null), tuple(RECORD_DISCARDED, "op"));
    assertThat(events()).isEmpty();
  }

  @Test
  void reencrypting_keepsTheChain() {
    act(300);
    vault.keys().rotate();
    assertThat(vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
    vault.keys().retire(1);
    assertThat(intact().last()).isEqualTo(302);
    assertThat(storedEvent(1).revision()).isEqualTo(2);
    act(2);
    assertThat(intact().last()).isEqualTo(304);
    assertThat(events()).hasSize(304);
  }

  @Test
  void namespaces_haveTrailsOfTheirOwn() {
    SecretVault tenant = vault.namespace("tenant");
    SecretVault rival = vault.namespace("rival");
    SecretId id = VaultFixture.create(tenant, text("web"));
    act(2);
    assertThat(events(tenant, AuditQuery.all()))
        .extracting(AuditEvent::sequence, AuditEvent::secret)
        .containsExactly(tuple(1L, id));
    assertThat(events(rival, AuditQuery.all())).isEmpty();
    assertThat(events()).hasSize(2).noneMatch(event -> id.equals(event.secret()));
    SecretVault view = tenant.restrictedTo(EnumSet.of(Permission.AUDIT));
    assertThat(events(view, AuditQuery.all())).hasSize(1);
    assertThatThrownBy(() -> view.namespace("")).isInstanceOf(AccessDeniedException.class);
    AuditTrail trail = view.audit();
    view.close();
    assertThatThrownBy(trail::verify).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> trail.list(AuditQuery.all()))
        .isInstanceOf(IllegalStateException.class);
    assertThat(tenant.audit().verify().intact()).isTrue();
  }

  @Test
  void actor_isSaidOnce_andKeptByViews() {
    SecretVault alice = vault.actingAs("alice");
    SecretVault view = alice.restrictedTo(EnumSet.of(Permission.CREATE, Permission.ACTIVATE));
    assertThatThrownBy(() -> view.actingAs("bob")).isInstanceOf(IllegalStateException.class);
    VaultFixture.create(alice, text("one"));
    VaultFixture.create(view, text("two"));
    VaultFixture.create(alice.namespace("tenant"), text("three"));
    VaultFixture.create(
        vault.restrictedTo(Set.of(Permission.CREATE, Permission.ACTIVATE)).actingAs("bob"),
        text("four"));
    create("five");
    assertThat(events())
        .extracting(AuditEvent::actor)
        .containsExactly("alice", "alice", "bob", null);
    assertThat(events(vault.namespace("tenant"), AuditQuery.all()))
        .extracting(AuditEvent::actor)
        .containsExactly("alice");
    alice.close();
    assertThatThrownBy(() -> view.create(text("six"))).isInstanceOf(IllegalStateException.class);
    for (String bad : List.of("", "a\nb", "\ud800", "x".repeat(301))) {
      assertThatIllegalArgumentException().isThrownBy(() -> vault.actingAs(bad));
    }
    VaultFixture.create(vault.actingAs("\ud83d\ude00".repeat(300)), text("longest"));
    assertThat(events()).last().extracting(AuditEvent::actor).asString().hasSize(600);
    intact();
  }

  @Test
  void list_filtersAndPages() {
    SecretId one = create("one");
    clock.advance(Duration.ofSeconds(1));
    vault.deactivate(one);
    SecretId two = create("two");
    clock.advance(Duration.ofSeconds(1));
    vault.delete(one);
    act(300);
    assertThat(events(vault, AuditQuery.all().secret(one)))
        .extracting(AuditEvent::kind)
        .containsExactly(CREATED, DEACTIVATED, DELETED);
    assertThat(events(vault, AuditQuery.all().kind(DELETED).limit(1))).hasSize(1);
    assertThat(
            events(
                vault,
                AuditQuery.all()
                    .since(VaultFixture.START.plusSeconds(1))
                    .before(VaultFixture.START.plusSeconds(2))))
        .extracting(AuditEvent::secret)
        .containsExactly(one, two);
    assertThat(events(vault, AuditQuery.all().limit(7)))
        .extracting(AuditEvent::sequence)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, 304).boxed().toList());
    Page<AuditEvent> full = vault.audit().list(AuditQuery.all().limit(2).kind(CREATED));
    assertThat(full.items()).extracting(AuditEvent::sequence).containsExactly(1L, 3L);
    assertThat(full.next()).contains("3");
    assertThat(vault.audit().list(AuditQuery.all().after("302")).next()).isEmpty();
    assertThat(vault.audit().list(AuditQuery.all().after("304")).items()).isEmpty();
    assertThat(vault.audit().list(AuditQuery.all().after("" + Long.MAX_VALUE)).items()).isEmpty();
    for (String bad : List.of("", "-1", "x", "9".repeat(30))) {
      assertThatIllegalArgumentException().isThrownBy(() -> AuditQuery.all().after(bad));
    }
    for (int bad : new int[] {0, 101}) {
      assertThatIllegalArgumentException().isThrownBy(() -> AuditQuery.all().limit(bad));
    }
  }

  @Test
  void vaultThatWasNotToldTo_keepsNone_untilThereIsOne() {
    SecretVault silent = unaudited();
    assertThat(silent.audit().list(AuditQuery.all()).items()).isEmpty();
    assertThat(silent.audit().verify()).isEqualTo(new AuditVerification(1, 0, Optional.empty()));
    VaultFixture.create(silent, text("before"));
    assertThat(storedEvents()).isEmpty();
    create("first");
    VaultFixture.create(silent, text("after"));
    SecretVault late = unaudited();
    assertThat(late.delete(late.find("before").orElseThrow().id())).isTrue();
    assertThat(kinds()).containsExactly(CREATED, CREATED, DELETED);
    intact();
  }

  /** One requirement more in each commit would make all vaults pay. */
  @Test
  void vaultWithoutATrail_readsNothingMoreForIt() {
    FaultyStore counting = new FaultyStore(medium.get());
    try (SecretVault bare =
        SecretVault.builder().store(counting).masterKey(key()).clock(clock).open()) {
      SecretId id = VaultFixture.create(bare, text("one"));
      int reads = counting.calls(Call.READ);
      bare.deactivate(id);
      bare.activate(id);
      assertThat(counting.calls(Call.READ)).as("the secret, twice").isEqualTo(reads + 2);
      bare.reveal(id).close();
      reads = counting.calls(Call.READ);
      bare.reveal(id).close();
      assertThat(counting.calls(Call.READ)).isEqualTo(reads);
    }
  }

  @Test
  void stored_isNothingInClear_andToStringSaysLittle() {
    String marker = "marker-actor-qwzx";
    SecretId id = VaultFixture.create(vault.actingAs(marker), text("marker-name-qwzx"));
    for (StoredRecord stored : VaultFixture.stored(attacker).values()) {
      String bytes = new String(stored.bytes(), StandardCharsets.ISO_8859_1);
      assertThat(bytes).doesNotContain("qwzx").doesNotContain(id.text());
    }
    assertThat(vault.audit()).hasToString("AuditTrail[hidden]");
    AuditEvent event = events().get(0);
    assertThat(event.actor()).isEqualTo(marker);
    assertThat(event.toString()).contains("CREATED", id.text()).doesNotContain("qwzx");
    assertThat(vault.actingAs(marker).toString()).doesNotContain(marker);
  }

  @Test
  void eventOfANewerRelease_isNamedAsThat() {
    create("web");
    StoredRecord stored = storedEvent(1);
    HeaderRecord header = HeaderRecord.unlock(attacker, key(), false);
    SealedStore on = new SealedStore(attacker, header, "", () -> {});
    byte[] content = on.open(stored, RecordKind.EVENT, false).orElseThrow().content();
    for (byte[] newer : List.of(with(content, 0, 2), with(content, 1, 100))) {
      Change.Put put = (Change.Put) on.put(RecordKind.EVENT, stored.key(), 0, newer, null);
      replace(stored.key(), 1, put.bytes());
      assertThatThrownBy(() -> vault.audit().list(AuditQuery.all()))
          .isInstanceOf(UnsupportedFormatException.class);
      assertThatThrownBy(() -> vault.audit().verify())
          .isInstanceOf(UnsupportedFormatException.class);
    }
    for (byte[] malformed :
        List.of(with(content, 1, -1), new byte[] {1}, Arrays.copyOf(content, content.length + 1))) {
      Change.Put put = (Change.Put) on.put(RecordKind.EVENT, stored.key(), 0, malformed, null);
      replace(stored.key(), 1, put.bytes());
      assertBroken(1, AuditVerification.Fault.ALTERED);
    }
    header.close();
  }

  private static byte[] with(byte[] content, int at, int value) {
    byte[] changed = content.clone();
    changed[at] = (byte) value;
    return changed;
  }

  @Test
  void damagedSecret_isDeletedWithItsEvent() {
    SecretId id = create("web");
    RecordKey secret =
        VaultFixture.stored(attacker).keySet().stream()
            .filter(key -> key.text().contains(".s."))
            .findFirst()
            .orElseThrow();
    replace(secret, 1, new byte[60]);
    assertThat(vault.delete(id)).isTrue();
    assertThat(kinds()).containsExactly(CREATED, DELETED);
    assertThat(events()).last().extracting(AuditEvent::secret).isEqualTo(id);
  }
}
