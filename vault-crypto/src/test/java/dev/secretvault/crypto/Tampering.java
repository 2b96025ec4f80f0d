package dev.secretvault.crypto;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.secretvault.crypto.CryptoException.Reason;
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
}
