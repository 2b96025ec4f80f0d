package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.VaultLimits.Rate;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** So many calls in any window of time. */
class RateLimitTest {

  private static final Duration WINDOW = Duration.ofSeconds(60);
  private static final Instant START = VaultFixture.START;

  private final FakeClock clock = new FakeClock(START);

  private RateLimiter limiter(int limit) {
    return new RateLimiter(new Rate(limit, WINDOW), clock);
  }

  private static void admit(RateLimiter limiter) {
    RateLimiter.admit(List.of(limiter), 1);
  }

  private RateLimitExceededException refusal(RateLimiter limiter) {
    RateLimitExceededException[] refusal = new RateLimitExceededException[1];
    assertThatThrownBy(() -> admit(limiter))
        .isInstanceOfSatisfying(RateLimitExceededException.class, e -> refusal[0] = e);
    return refusal[0];
  }

  SecretStore newStore() {
    return new InMemorySecretStore();
  }

  private SecretVault open(VaultLimits limits) {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return SecretVault.builder()
        .store(newStore())
        .masterKey(MasterKey.fromBytes(key))
        .clock(clock)
        .limits(limits)
        .open();
  }

  @Test
  void window_slides_andIsExactAtBothEdges() {
    RateLimiter limiter = limiter(3);
    admit(limiter);
    clock.advance(Duration.ofSeconds(20));
    admit(limiter);
    admit(limiter);
    clock.set(START.plus(WINDOW).minusNanos(1));
    refusal(limiter);
    clock.set(START.plus(WINDOW));
    admit(limiter);
    refusal(limiter);
    clock.set(START.plusSeconds(20).plus(WINDOW).minusNanos(1));
    refusal(limiter);
    clock.set(START.plusSeconds(20).plus(WINDOW));
    admit(limiter);
    admit(limiter);
    refusal(limiter);
  }

  @Test
  void refusal_saysTheLimit_andWhenTheNextAndAllCallsAreToBeHad() {
    RateLimiter limiter = limiter(2);
    admit(limiter);
    clock.advance(Duration.ofSeconds(10));
    admit(limiter);
    clock.advance(Duration.ofSeconds(5));
    RateLimitExceededException refusal = refusal(limiter);
    assertThat(refusal.limit()).isEqualTo(2);
    assertThat(refusal.remaining()).isZero();
    assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(45));
    assertThat(refusal.resetAt()).isEqualTo(START.plusSeconds(70));
    assertThat(refusal.retryable()).isTrue();
    clock.advance(refusal.retryAfter());
    admit(limiter);
    assertThat(refusal(limiter).retryAfter()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void refusedCalls_doNotExtendTheWait() {
    RateLimiter limiter = limiter(1);
    admit(limiter);
    for (int second = 1; second < 60; second++) {
      clock.advance(Duration.ofSeconds(1));
      assertThat(refusal(limiter).retryAfter()).isEqualTo(Duration.ofSeconds(60 - second));
    }
    clock.advance(Duration.ofSeconds(1));
    admit(limiter);
  }

  @Test
  void clockSetBack_givesNoCallsBack_andHoldsNoneForLongerThanAWindow() {
    RateLimiter limiter = limiter(2);
    admit(limiter);
    clock.advance(Duration.ofSeconds(30));
    admit(limiter);
    clock.set(START.minus(Duration.ofDays(1)));
    RateLimitExceededException refusal = refusal(limiter);
    assertThat(refusal.retryAfter()).isEqualTo(WINDOW);
    assertThat(refusal.resetAt()).isEqualTo(clock.instant().plus(WINDOW));
    clock.advance(WINDOW);
    admit(limiter);
    admit(limiter);
  }

  @Test
  void clockSetBackBetweenCalls_leavesTheEarlierOnesWhereTheyWere() {
    RateLimiter limiter = limiter(2);
    admit(limiter);
    clock.advance(Duration.ofSeconds(30));
    admit(limiter);
    clock.set(START.plusSeconds(10));
    assertThat(refusal(limiter).retryAfter()).isEqualTo(Duration.ofSeconds(50));
    assertThat(refusal(limiter).resetAt()).isEqualTo(START.plusSeconds(70));
    clock.set(START.plusSeconds(60));
    admit(limiter);
    refusal(limiter);
    clock.set(START.plusSeconds(70));
    admit(limiter);
  }

  @Test
  void anySequence_agreesWithCountingTheCallsOfTheLastWindow() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    RateLimiter limiter = limiter(5);
    Deque<Instant> admitted = new ArrayDeque<>();
    int refused = 0;
    for (int step = 0; step < 20_000; step++) {
      clock.advance(Duration.ofMillis(random.nextInt(20_000)));
      Instant since = clock.instant().minus(WINDOW);
      long recent = admitted.stream().filter(call -> call.isAfter(since)).count();
      boolean through = true;
      try {
        admit(limiter);
        admitted.addLast(clock.instant());
      } catch (RateLimitExceededException e) {
        through = false;
        refused++;
      }
      assertThat(through).as("seed %d, step %d", seed, step).isEqualTo(recent < 5);
      while (admitted.size() > 5) {
        admitted.removeFirst();
      }
    }
    assertThat(refused).as("seed %d", seed).isBetween(1_000, 19_000);
  }

  @Test
  void racingCalls_areLetThroughExactlyAsOftenAsAllowed() {
    RateLimiter limiter = limiter(100);
    AtomicInteger through = new AtomicInteger();
    Racers.run(
        8,
        racer -> {
          for (int i = 0; i < 50; i++) {
            try {
              admit(limiter);
              through.incrementAndGet();
            } catch (RateLimitExceededException e) {
              assertThat(e.limit()).isEqualTo(100);
            }
          }
        });
    assertThat(through).hasValue(100);
  }

  @Test
  void secondCall_waitsWhileTheFirstIsLetIn() throws InterruptedException {
    AtomicReference<RateLimiter> limiter = new AtomicReference<>();
    AtomicBoolean bothInside = new AtomicBoolean();
    Thread second = new Thread(() -> admit(limiter.get()));
    InstantSource watching =
        () -> {
          if (Thread.currentThread() == second) {
            bothInside.set(true);
          } else {
            second.start();
            while (second.getState() != Thread.State.BLOCKED && !bothInside.get()) {
              Thread.onSpinWait();
            }
            assertThat(bothInside).isFalse();
          }
          return START;
        };
    limiter.set(new RateLimiter(new Rate(2, WINDOW), watching));
    admit(limiter.get());
    second.join();
  }

  @Test
  void limit_isOfOnePermissionInOneNamespace() {
    VaultLimits limits =
        VaultLimits.defaults().rate(Permission.DIGEST, 2, WINDOW).rate(Permission.LIST, 1, WINDOW);
    try (SecretVault vault = open(limits)) {
      vault.verify("web", "u", "00");
      assertThat(vault.matches("web", new byte[1])).isFalse();
      assertThatThrownBy(() -> vault.verify("web", "u", "00"))
          .isInstanceOf(RateLimitExceededException.class);
      assertThatThrownBy(() -> vault.hmac("web", "u"))
          .isInstanceOf(RateLimitExceededException.class);
      assertThat(vault.find("web")).as("another permission").isEmpty();
      assertThatThrownBy(() -> vault.find("web")).isInstanceOf(RateLimitExceededException.class);
      assertThatThrownBy(() -> vault.reveal("web")).isInstanceOf(SecretNotFoundException.class);
      SecretVault tenant = vault.namespace("tenant");
      assertThat(tenant.verify("web", "u", "00")).as("another namespace").isFalse();
      assertThat(tenant.find("web")).isEmpty();
      assertThatThrownBy(() -> vault.namespace("tenant").find("web"))
          .as("another view of that namespace")
          .isInstanceOf(RateLimitExceededException.class);
      assertThatThrownBy(() -> vault.restrictedTo(EnumSet.of(Permission.LIST)).find("web"))
          .as("another view of this one")
          .isInstanceOf(RateLimitExceededException.class);
      clock.advance(WINDOW);
      assertThat(vault.find("web")).isEmpty();
    }
  }

  @Test
  void deniedCalls_doNotCount() {
    try (SecretVault vault = open(VaultLimits.defaults().rate(Permission.LIST, 1, WINDOW))) {
      SecretVault view = vault.restrictedTo(EnumSet.of(Permission.DIGEST));
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> view.find("web")).isInstanceOf(AccessDeniedException.class);
      }
      assertThat(vault.find("web")).isEmpty();
    }
  }

  @Test
  void refusedCall_leavesItsSpecForAnotherTry() {
    try (SecretVault vault = open(VaultLimits.defaults().rate(Permission.CREATE, 1, WINDOW))) {
      vault.create(SecretSpec.named("one").generated()).close();
      SecretSpec spec = SecretSpec.named("two").value("v".toCharArray());
      assertThatThrownBy(() -> vault.create(spec)).isInstanceOf(RateLimitExceededException.class);
      clock.advance(WINDOW);
      vault.create(spec).close();
      assertThat(vault.find("two")).isPresent();
    }
  }

  @Test
  void byDefault_nothingIsLimited_andOutOfRangeIsRefused() {
    assertThat(VaultLimits.defaults().rates()).isEmpty();
    assertThat(VaultLimits.defaults().maxSecrets()).isEqualTo(Long.MAX_VALUE);
    assertRefused("limit: ", () -> rate(0, WINDOW));
    assertRefused("limit: ", () -> rate(100_001, WINDOW));
    assertRefused("window: ", () -> rate(1, Duration.ofNanos(999_999)));
    assertRefused("window: ", () -> rate(1, Duration.ofDays(1).plusNanos(1)));
    assertRefused("maxSecrets: ", () -> VaultLimits.defaults().maxSecrets(-1));
    assertRefused("maxValueBytes: ", () -> VaultLimits.defaults().maxValueBytes(0));
    assertRefused("maxValueBytes: ", () -> VaultLimits.defaults().maxValueBytes(1_048_577));
    assertThat(rate(100_000, Duration.ofDays(1)).maxValueBytes(1).maxSecrets(0).rates()).hasSize(1);
    assertThat(rate(1, Duration.ofMillis(1)).rates())
        .containsEntry(Permission.LIST, new Rate(1, Duration.ofMillis(1)));
  }

  private static VaultLimits rate(int limit, Duration window) {
    return VaultLimits.defaults().rate(Permission.LIST, limit, window);
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void callThatTakesSeveralPermissions_countsForAllOfThemOrForNone() {
    VaultLimits limits =
        VaultLimits.defaults()
            .rate(Permission.CREATE, 2, WINDOW)
            .rate(Permission.UPDATE, 1, WINDOW);
    try (SecretVault vault = open(limits)) {
      vault.putIfChanged(SecretSpec.named("a").value("v".toCharArray()));
      for (int again = 0; again < 3; again++) {
        assertThatThrownBy(() -> vault.putIfChanged(SecretSpec.named("b").value("v".toCharArray())))
            .isInstanceOf(RateLimitExceededException.class);
      }
      assertThat(vault.find("b")).isEmpty();
      // The refused ones took nothing of what is left to create.
      vault.create(SecretSpec.named("c").value("v".toCharArray())).close();
      assertThatThrownBy(() -> vault.create(SecretSpec.named("d").value("v".toCharArray())))
          .isInstanceOf(RateLimitExceededException.class);
    }
  }

  @Test
  void callWithoutAllItsPermissions_countsForNone() {
    VaultLimits limits = VaultLimits.defaults().rate(Permission.CREATE, 1, WINDOW);
    try (SecretVault vault = open(limits)) {
      SecretVault view = vault.restrictedTo(EnumSet.of(Permission.CREATE));
      assertThatThrownBy(() -> view.putIfChanged(SecretSpec.named("a").value("v".toCharArray())))
          .isInstanceOf(AccessDeniedException.class);
      vault.create(SecretSpec.named("c").value("v".toCharArray())).close();
    }
  }

  @Test
  void resolve_countsForEachSecretItReveals() {
    try (SecretVault vault = open(VaultLimits.defaults().rate(Permission.REVEAL, 3, WINDOW))) {
      for (String name : List.of("a", "b")) {
        vault.create(SecretSpec.named(name).value(name.toCharArray()).active()).close();
      }
      String both = "{{secret:a}}{{secret:b}}{{secret:a}}";
      assertThat(text(vault, both)).isEqualTo("aba");
      assertThat(text(vault, "none")).isEqualTo("none");
      assertThatThrownBy(() -> text(vault, both))
          .isInstanceOfSatisfying(
              RateLimitExceededException.class, e -> assertThat(e.retryAfter()).isEqualTo(WINDOW));
      vault.reveal("a").close();
      assertThatThrownBy(() -> vault.reveal("a")).isInstanceOf(RateLimitExceededException.class);
    }
  }

  @Test
  void moreAtOnceThanEverAllowed_areRefusedForGood() {
    try (SecretVault vault = open(VaultLimits.defaults().rate(Permission.REVEAL, 2, WINDOW))) {
      assertThatThrownBy(() -> text(vault, "{{secret:a}}{{secret:b}}{{secret:c}}"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("3 at once")
          .hasMessageContaining("limit of 2");
    }
  }

  private static String text(SecretVault vault, String template) {
    return vault.resolve(template, String::new);
  }

  @Test
  void refusalOfSeveralCalls_saysWhenThereIsRoomForAllOfThem() {
    RateLimiter limiter = limiter(3);
    admit(limiter);
    clock.advance(Duration.ofSeconds(10));
    admit(limiter);
    clock.advance(Duration.ofSeconds(10));
    assertThatThrownBy(() -> RateLimiter.admit(List.of(limiter), 3))
        .isInstanceOfSatisfying(
            RateLimitExceededException.class,
            e -> assertThat(e.retryAfter()).isEqualTo(WINDOW.minusSeconds(10)));
    clock.set(START.plusSeconds(10).plus(WINDOW));
    RateLimiter.admit(List.of(limiter), 3);
    refusal(limiter);
  }
}
