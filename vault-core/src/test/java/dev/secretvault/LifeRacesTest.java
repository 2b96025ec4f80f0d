package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many threads want the same, through two vaults on one medium. */
class LifeRacesTest {

  private static final int THREADS = 16;

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private VaultFixture fixture;
  private SecretVault other;

  @BeforeEach
  void open() {
    fixture = new VaultFixture(() -> InMemorySecretStore.open(medium));
    other = fixture.open();
  }

  @AfterEach
  void close() {
    other.close();
    fixture.close();
  }

  private SecretVault vaultOf(int racer) {
    return racer % 2 == 0 ? fixture.vault : other;
  }

  @Test
  void tenThousandCreatesOfAThousandNames_haveAThousandWinners() {
    AtomicInteger next = new AtomicInteger();
    AtomicInteger losers = new AtomicInteger();
    Map<String, String> winners = new ConcurrentHashMap<>();
    Racers.run(
        THREADS,
        racer -> {
          for (int i = next.getAndIncrement(); i < 10_000; i = next.getAndIncrement()) {
            String name = "name-" + i / 10;
            String value = "value-" + i;
            try {
              vaultOf(racer)
                  .create(SecretSpec.named(name).value(value.toCharArray()).active())
                  .close();
              assertThat(winners.put(name, value)).as("an earlier winner").isNull();
            } catch (DuplicateNameException another) {
              losers.incrementAndGet();
            }
          }
        });
    assertThat(winners).hasSize(1_000);
    assertThat(losers).hasValue(9_000);
    winners.forEach(
        (name, value) -> {
          try (SecretValue revealed = fixture.vault.reveal(name)) {
            assertThat(VaultFixture.textOf(revealed)).as("what the winner gave").isEqualTo(value);
          }
        });
    assertThat(countSecrets()).isEqualTo(1_000);
  }

  private int countSecrets() {
    int count = 0;
    Optional<String> cursor = Optional.empty();
    do {
      Page<SecretInfo> page =
          fixture.vault.list(cursor.map(ListQuery.all()::after).orElse(ListQuery.all()));
      count += page.items().size();
      cursor = page.next();
    } while (cursor.isPresent());
    return count;
  }

  /** All threads ask for the same secrets in the same order, so that they meet at each. */
  @Test
  void tenThousandOnceSecrets_giveTenThousandPlaintexts() {
    int secrets = 10_000;
    SecretId[] ids = new SecretId[secrets];
    for (int i = 0; i < secrets; i++) {
      SecretSpec spec = SecretSpec.named("name-" + i).value(("value-" + i).toCharArray()).active();
      try (CreatedSecret created = fixture.vault.create(spec.disclosure(Disclosure.ONCE))) {
        ids[i] = created.info().id();
      }
    }
    AtomicInteger given = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    Set<String> plaintexts = ConcurrentHashMap.newKeySet();
    Racers.run(
        THREADS,
        racer -> {
          for (int i = 0; i < secrets; i++) {
            try (SecretValue value =
                racer % 4 < 2
                    ? vaultOf(racer).reveal(ids[i])
                    : vaultOf(racer).reveal("name-" + i)) {
              assertThat(VaultFixture.textOf(value)).isEqualTo("value-" + i);
              plaintexts.add(VaultFixture.textOf(value));
              given.incrementAndGet();
            } catch (AlreadyRevealedException another) {
              refused.incrementAndGet();
            }
          }
        });
    assertThat(given).hasValue(secrets);
    assertThat(plaintexts).hasSize(secrets);
    assertThat(refused).hasValue((THREADS - 1) * secrets);
  }
}
