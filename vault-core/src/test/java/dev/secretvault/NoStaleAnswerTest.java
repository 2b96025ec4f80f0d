package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Threads ask without pause while a secret changes. Each answer must be right for a state that the
 * secret had between the call and its return.
 */
class NoStaleAnswerTest {

  private static final String USER = "u";
  private static final List<String> NAMES = List.of("web", "app");

  private VaultFixture fixture;
  private final long seed = new Random().nextLong();
  private final Map<SecretVault, Map<SecretId, UserIdAuthenticator>> handles =
      new ConcurrentHashMap<>();
  private final AtomicReferenceArray<Truth> truths = new AtomicReferenceArray<>(changes() + 1);

  /** The last state whose change has begun, and the last one whose change has returned. */
  private volatile int begun;

  private volatile int done;

  /** The newest version of the secret that there is now. */
  private final AtomicInteger versions = new AtomicInteger(1);

  /**
   * What the secret is like.
   *
   * @param id null while it is being created
   * @param values of the versions that verify, the current one last; none if there is no secret
   * @param pending the value that the next activation makes current
   */
  private record Truth(
      @Nullable SecretId id,
      String name,
      boolean active,
      List<Value> values,
      @Nullable Value pending) {

    Truth with(boolean nowActive, List<Value> nowValues, @Nullable Value nowPending) {
      return new Truth(id, name, nowActive, List.copyOf(nowValues), nowPending);
    }

    /** What a use of the secret must answer. */
    Object answer(Question question) {
      boolean found =
          !values.isEmpty()
              && (question.id == null ? name.equals(question.name) : question.id.equals(id));
      if (question.digest != null) {
        return found
            && active
            && values.stream().anyMatch(value -> value.digest.equals(question.digest));
      }
      if (!found) {
        return SecretNotFoundException.class;
      }
      if (!active) {
        return SecretNotActiveException.class;
      }
      Value current = values.get(values.size() - 1);
      return question.reveals ? current.text : current.digest;
    }
  }

  /**
   * What a thread asks.
   *
   * @param id of the secret; null to ask by the name
   * @param digest to verify; null to make one, or reveal the value
   */
  private record Question(
      @Nullable SecretId id, String name, @Nullable String digest, boolean reveals) {

    Object ask(SecretVault vault, Map<SecretId, UserIdAuthenticator> handles) {
      try {
        if (digest != null) {
          return id == null ? vault.verify(name, USER, digest) : vault.verify(id, USER, digest);
        }
        if (!reveals) {
          if (id != null && name.equals(NAMES.get(0))) {
            return handles.computeIfAbsent(id, vault::userIds).sign(USER).digest().hex();
          }
          return (id == null ? vault.hmac(name, USER) : vault.hmac(id, USER)).hex();
        }
        try (SecretValue value = id == null ? vault.reveal(name) : vault.reveal(id)) {
          return VaultFixture.textOf(value);
        }
      } catch (SecretNotFoundException | SecretNotActiveException refused) {
        return refused.getClass();
      }
    }
  }

  private record Value(int version, String text, String digest) {
    static Value of(int version, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return new Value(version, text, LifeModel.hmac(bytes, USER));
    }
  }

  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }

  int changes() {
    return 1_500;
  }

  @BeforeEach
  void open() {
    fixture = newFixture();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void whileASecretChanges_everyAnswerIsOneOfThatTime() {
    assertThat(unexplained(List.of(fixture.vault))).as("seed %s", seed).isZero();
  }

  /** Of a store that reports a change before the commit returns, wherever it was opened. */
  @Test
  void ofAnotherVault_everyAnswerIsOneOfThatTime() {
    try (SecretVault other = fixture.open()) {
      assertThat(unexplained(List.of(fixture.vault, other))).as("seed %s", seed).isZero();
    }
  }

  /** The negative control: a vault that hears of no change gives stale answers. */
  @Test
  void ofAVaultThatHearsNothing_answersAreFoundStale() {
    try (SecretVault deaf = fixture.open(WrappedStore.deaf(fixture.newStore()))) {
      assertThat(unexplained(List.of(deaf))).as("seed %s", seed).isPositive();
    }
  }

  /** How many answers of these vaults were wrong, while another thread changes the secret. */
  private int unexplained(List<SecretVault> asked) {
    System.out.println("no stale answer: seed " + seed);
    SecretId first = VaultFixture.create(fixture.vault, spec("web", "value-0"));
    truths.set(0, new Truth(first, "web", true, List.of(Value.of(1, "value-0")), null));
    asked.forEach(vault -> assertThat(vault.hmac("web", USER).hex()).hasSize(64));
    AtomicInteger wrong = new AtomicInteger();
    AtomicInteger answers = new AtomicInteger();
    Racers.run(
        9,
        racer -> {
          if (racer == 0) {
            Random random = new Random(seed);
            for (int change = 1; change <= changes(); change++) {
              change(change, random);
            }
            return;
          }
          SecretVault vault = asked.get(racer % asked.size());
          Random random = new Random(seed + racer);
          while (done < changes()) {
            answers.incrementAndGet();
            if (!isExplained(vault, random)) {
              wrong.incrementAndGet();
            }
          }
        });
    assertThat(answers).hasValueGreaterThan(changes());
    return wrong.get();
  }

  private static SecretSpec spec(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray()).active();
  }

  private boolean isExplained(SecretVault vault, Random random) {
    int from = done;
    Question question = question(truths.get(from), random);
    Object answer =
        question.ask(vault, handles.computeIfAbsent(vault, none -> new ConcurrentHashMap<>()));
    for (int state = begun; state >= from; state--) {
      if (truths.get(state).answer(question).equals(answer)) {
        return true;
      }
    }
    return false;
  }

  private Question question(Truth now, Random random) {
    Truth before = truths.get(random.nextInt(1 + Math.min(done, 8)) + Math.max(0, done - 8));
    String digest =
        random.nextInt(3) > 0 || before.values.isEmpty()
            ? null
            : before.values.get(random.nextInt(before.values.size())).digest;
    return new Question(
        random.nextBoolean() ? now.id : null,
        NAMES.get(random.nextInt(NAMES.size())),
        digest,
        random.nextBoolean());
  }

  /** Changes the secret, by one call. */
  private void change(int number, Random random) {
    SecretVault vault = fixture.vault;
    Truth now = truths.get(number - 1);
    SecretId id = now.id;
    if (id == null || now.values.isEmpty()) {
      Value value = Value.of(1, "value-" + number);
      Truth created = new Truth(null, now.name, true, List.of(value), null);
      versions.set(1);
      begin(number, created);
      SecretId made = VaultFixture.create(vault, spec(now.name, value.text));
      truths.set(number, new Truth(made, now.name, true, created.values, null));
    } else if (now.values.size() > 3) {
      begin(number, now.with(now.active, now.values.subList(1, now.values.size()), now.pending));
      vault.retire(id, now.values.get(0).version);
    } else {
      change(number, random.nextInt(20), now, id);
    }
    done = number;
  }

  private void change(int number, int dice, Truth now, SecretId id) {
    SecretVault vault = fixture.vault;
    if (dice == 0) {
      begin(number, now.with(false, List.of(), null));
      vault.delete(id);
    } else if (dice < 5) {
      String name = NAMES.get(1 - NAMES.indexOf(now.name));
      begin(number, new Truth(id, name, now.active, now.values, now.pending));
      vault.update(id, SecretUpdate.none().name(name));
    } else if (dice < 10 && now.active) {
      begin(number, now.with(false, now.values, now.pending));
      vault.deactivate(id);
    } else if (now.active && now.pending == null) {
      Value value = Value.of(versions.incrementAndGet(), "value-" + number);
      begin(number, now.with(true, now.values, value));
      vault.rotate(id, NewValue.of(value.text.toCharArray())).close();
    } else {
      List<Value> values = new ArrayList<>(now.values);
      if (now.pending != null) {
        values.add(now.pending);
      }
      begin(number, now.with(true, values, null));
      vault.activate(id);
    }
  }

  private void begin(int number, Truth truth) {
    truths.set(number, truth);
    begun = number;
  }
}
