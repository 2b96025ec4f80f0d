package dev.secretvault.crypto;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.secretvault.crypto.CryptoException.Reason;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What an attacker or a failing disk does to bytes, and the one way in which that may end. */
final class Tampering {

  private Tampering() {}

  static byte[] flip(byte[] bytes, int bit) {
    byte[] flipped = bytes.clone();
    flipped[bit / 8] ^= (byte) (1 << bit % 8);
    return flipped;
  }

  static void assertRefused(Reason reason, ThrowingCallable act) {
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(act)
        .extracting(CryptoException::reason)
        .isEqualTo(reason);
  }

  /** Requires a {@link CryptoException} and returns its reason. */
  static Reason refusal(String what, ThrowingCallable act) {
    Throwable thrown = catchThrowable(act);
    if (thrown instanceof CryptoException refused) {
      return refused.reason();
    }
    throw new AssertionError(what + " was not refused with a CryptoException", thrown);
  }

  /** What each of many changes is refused with, how often; by two threads. */
  static Map<Reason, Integer> refusals(int count, IntFunction<?> act) throws Exception {
    List<Callable<Map<Reason, Integer>>> halves = new ArrayList<>();
    for (int half = 0; half < 2; half++) {
      int from = half;
      halves.add(
          () -> {
            Map<Reason, Integer> seen = new EnumMap<>(Reason.class);
            for (int i = from; i < count; i += 2) {
              int change = i;
              Reason reason = refusal("change " + i, () -> act.apply(change));
              seen.merge(reason, 1, Integer::sum);
            }
            return seen;
          });
    }
    Map<Reason, Integer> all = new EnumMap<>(Reason.class);
    for (Map<Reason, Integer> half : Together.run(halves)) {
      half.forEach((reason, times) -> all.merge(reason, times, Integer::sum));
    }
    return all;
  }
}
