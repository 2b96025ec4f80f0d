package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FakeClockTest {

  private static final Instant START = Instant.parse("2031-05-07T12:00:00.123456789Z");

  private final FakeClock clock = new FakeClock(START);

  @Test
  void instant_untouched_standsStill() {
    assertThat(clock.instant()).isEqualTo(START);
    assertThat(clock.instant()).isEqualTo(START);
    assertThat(clock.millis()).isEqualTo(START.toEpochMilli());
  }

  @Test
  void advance_anyDuration_addsUp() {
    clock.advance(Duration.ofNanos(1));
    clock.advance(Duration.ZERO);
    clock.advance(Duration.ofDays(1));
    assertThat(clock.instant()).isEqualTo(START.plus(Duration.ofDays(1)).plusNanos(1));
  }

  @Test
  void advance_negativeDuration_throwsAndStandsStill() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> clock.advance(Duration.ofNanos(-1)))
        .withMessageContaining("duration");
    assertThat(clock.instant()).isEqualTo(START);
  }

  @Test
  void advance_manyThreads_losesNothing() throws Exception {
    Race.of(
        8,
        number -> {
          for (int i = 0; i < 1_000; i++) {
            clock.advance(Duration.ofMillis(1));
          }
        });
    assertThat(clock.instant()).isEqualTo(START.plusSeconds(8));
  }

  @Test
  void set_earlierInstant_turnsTheClockBack() {
    clock.set(START.minusSeconds(1));
    assertThat(clock.instant()).isEqualTo(START.minusSeconds(1));
    clock.set(START.plusSeconds(1));
    assertThat(clock.instant()).isEqualTo(START.plusSeconds(1));
  }

  @Test
  void anyCall_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> new FakeClock(null));
    assertThatNullPointerException().isThrownBy(() -> clock.set(null));
    assertThatNullPointerException().isThrownBy(() -> clock.advance(null));
    assertThat(clock.instant()).isEqualTo(START);
  }
}
