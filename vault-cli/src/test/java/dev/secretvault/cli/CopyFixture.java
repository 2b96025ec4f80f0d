package dev.secretvault.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.AuditEvent;
import dev.secretvault.AuditPolicy;
import dev.secretvault.AuditQuery;
import dev.secretvault.Disclosure;
import dev.secretvault.IntegrityException;
import dev.secretvault.ListQuery;
import dev.secretvault.NewValue;
import dev.secretvault.SecretId;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretState;
import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import dev.secretvault.VaultException;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** A vault with some of everything, and what can be said of two of them. */
final class CopyFixture {

  static final Streams QUIET = ProgressTest.streams(OutputStream.nullOutputStream(), false);

  /** Some commits for a small vault, too. */
  static final int BATCH = 7;

  private final SplittableRandom random;

  CopyFixture(SplittableRandom random) {
    this.random = random;
  }

  static SplittableRandom seeded(String what) {
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("%s, -Dsecretvault.seed=%d%n", what, seed);
    return new SplittableRandom(seed);
  }

  static VaultCopy copying(SecretStore from, SecretStore to) {
    return new VaultCopy(from, to, BATCH, QUIET);
  }

  static MasterKey key() {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return MasterKey.fromBytes(key);
  }

  /** A vault on a store, which it takes over, or creates. */
  static SecretVault vault(SecretStore store) {
    return SecretVault.builder().store(store).masterKey(key()).audit(AuditPolicy.keep(50)).open();
  }

  /** Acts on a vault at random. */
  void use(SecretVault vault, int acts) {
    SecretVault tenant = vault.namespace("tenant");
    for (int i = 0; i < acts; i++) {
      act(random.nextInt(3) == 0 ? tenant : vault);
    }
  }

  private void act(SecretVault vault) {
    List<SecretInfo> secrets = vault.list(ListQuery.all()).items();
    if (secrets.size() < 4 || random.nextInt(4) == 0) {
      vault.create(spec("name-" + random.nextLong())).close();
      return;
    }
    SecretInfo secret = secrets.get(random.nextInt(secrets.size()));
    try {
      change(vault, secret.id());
    } catch (VaultException | IllegalArgumentException notNow) {
      // Not all that is drawn can be done with all secrets.
      assertThat(notNow).isNotInstanceOf(IntegrityException.class);
    }
  }

  private SecretSpec spec(String name) {
    SecretSpec spec = SecretSpec.named(name).label("drawn", Integer.toString(random.nextInt()));
    spec =
        random.nextInt(3) == 0 ? spec.expiresAfter(Duration.ofDays(1 + random.nextInt(9))) : spec;
    spec = random.nextInt(3) > 0 ? spec.active() : spec;
    String value = "value of " + name + "x".repeat(random.nextInt(2_000));
    spec = spec.value(value.toCharArray());
    return random.nextInt(4) == 0 ? spec.disclosure(Disclosure.ONCE) : spec;
  }

  private void change(SecretVault vault, SecretId id) {
    switch (random.nextInt(7)) {
      case 0 -> vault.delete(id);
      case 1 -> vault.rotate(id, NewValue.of(("v" + random.nextInt()).toCharArray())).close();
      case 2 -> vault.reveal(id).close();
      case 3 -> vault.deactivate(id);
      case 4 -> vault.rollback(id);
      case 5 -> vault.keys().rotate();
      default -> vault.activate(id);
    }
  }

  /** All that a vault answers, for which nothing is to be revealed once. */
  static List<String> answers(SecretVault vault) {
    List<String> answers = new ArrayList<>();
    for (SecretVault view : List.of(vault, vault.namespace("tenant"))) {
      for (SecretInfo secret : view.list(ListQuery.all()).items()) {
        answers.add(secret.toString() + secret.revision() + secret.labels());
        answers.add(answer(() -> view.hmac(secret.id(), "user").hex()));
        if (secret.disclosure() == Disclosure.REVEALABLE) {
          answers.add(answer(() -> reveal(view, secret.id())));
        }
      }
      assertThat(view.audit().verify().intact()).isTrue();
      for (AuditEvent event : view.audit().list(AuditQuery.all()).items()) {
        answers.add(event.sequence() + " " + event);
      }
    }
    return answers;
  }

  private static String answer(Supplier<String> call) {
    try {
      return call.get();
    } catch (VaultException refused) {
      return refused.code();
    }
  }

  private static String reveal(SecretVault vault, SecretId id) {
    try (SecretValue value = vault.reveal(id)) {
      return value.use(bytes -> new String(bytes, UTF_8));
    }
  }

  /** A secret to be revealed once that has not been, if there is one. */
  static List<SecretId> unrevealed(SecretVault vault) {
    return vault.list(ListQuery.all()).items().stream()
        .filter(secret -> secret.disclosure() == Disclosure.ONCE)
        .filter(secret -> secret.state() == SecretState.ACTIVE)
        .map(SecretInfo::id)
        .toList();
  }

  static List<StoredRecord> records(SecretStore store) {
    List<StoredRecord> all = new ArrayList<>();
    RecordKey after = null;
    List<StoredRecord> page;
    do {
      page = store.scan(after, SecretStore.MAX_PAGE);
      all.addAll(page);
      after = page.isEmpty() ? null : page.get(page.size() - 1).key();
    } while (page.size() == SecretStore.MAX_PAGE);
    return all;
  }

  static List<String> contents(SecretStore store) {
    return records(store).stream()
        .map(
            record ->
                record.key()
                    + " "
                    + record.revision()
                    + " "
                    + record.expiresAt()
                    + " "
                    + Arrays.hashCode(record.bytes()))
        .toList();
  }

  /** Nobody can open what is not finished. */
  static void assertNoVault(SecretStore store) {
    assertThat(catchThrowableOfType(VaultException.class, () -> openExisting(store)))
        .isNotNull()
        .extracting(VaultException::code)
        .isIn("integrity", "vault-not-found");
  }

  static SecretVault openExisting(SecretStore store) {
    return SecretVault.builder().store(store).masterKey(key()).openExisting();
  }

  /** The records, without those that only a vault, a copy or a fenced vault has. */
  static List<String> copied(SecretStore store) {
    return contents(store).stream()
        .filter(record -> !record.matches("(header|copy|moved) .*"))
        .toList();
  }

  /** All is in the one, and nobody can open the other. */
  static void assertMoved(SecretStore from, SecretStore to) {
    assertThat(copied(to)).isEqualTo(copied(from));
    CopySource fenced = CopySource.of(from);
    assertThat(fenced.isFenced()).isTrue();
    StoredRecord header = to.read(CopySource.HEADER).orElseThrow();
    assertThat(header.revision()).isEqualTo(fenced.header().revision());
    assertThat(header.bytes()).isEqualTo(fenced.header().bytes());
    assertThat(to.read(CopyTarget.MARK)).isEmpty();
    assertThat(from.read(CopySource.HEADER)).isEmpty();
  }

  /** Another store with the same records. */
  static InMemorySecretStore.Medium cloneOf(SecretStore store) {
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    SecretStore clone = InMemorySecretStore.open(medium);
    for (StoredRecord record : CopyFixture.records(store)) {
      clone.commit(List.of(Change.copy(record, 0)));
    }
    return medium;
  }

  static int commits(SecretStore source, boolean finish) {
    FaultyStore counting =
        new FaultyStore(InMemorySecretStore.open(new InMemorySecretStore.Medium()));
    VaultCopy copying = copying(InMemorySecretStore.open(cloneOf(source)), counting);
    assertThat((finish ? copying.finish() : copying.copy()).made()).isPositive();
    return counting.calls(Call.COMMIT);
  }
}
