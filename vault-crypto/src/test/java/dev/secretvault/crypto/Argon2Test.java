package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In threads of their own, as a turn that never comes is waited for uninterruptibly. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class Argon2Test {

  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] SALT = HEX.parseHex("000102030405060708090a0b0c0d0e0f");
  private static final byte[] PASSPHRASE = "correct horse".getBytes(US_ASCII);
  private static final byte[] NO_SECRET = {};

  /** RFC 9106, section 5.3. Its associated data is the one thing that is not used here. */
  @Test
  void derive_rfc9106_agrees() {
    Argon2 argon2 = new Argon2(32, 3, 4, filled(16, 2));

    byte[] key =
        Argon2.derive(filled(32, 1), argon2.parameters(filled(8, 3)).withAdditional(filled(12, 4)));

    assertThat(HEX.formatHex(key))
        .isEqualTo("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
  }

  /** Memory, passes, lanes, the secret, and what OpenSSL 3.5 derives. */
  @ParameterizedTest
  @CsvSource({
    "8192, 1, 1, '', 68aa6b3e6343f355586e5dd84710fb380cc542b0a47fa8a06ad81318fa48e3b3",
    "8192, 2, 3, '', 66ca05b1dab20d2d3be718f338bc9adf1af9932b1554ffbb98117d557b486d4c",
    "8192, 1, 1, KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK,"
        + " 0572a48982642f988d404942a4c280801f308a56f55d867ea62c4aaf1d14a0e5",
    "19456, 2, 1, '', d00b90c40f918cf889780d7d3a9ec3c2b1719df87dc5e4d4d93ea6163db04e17",
    "65536, 3, 1, '', e3c889ca40ed01e6b6771fc8a5bf16e35ad60b41c9bd5d7e6d63adf51e50b0fd"
  })
  void derive_openSsl_agrees(int memory, int passes, int lanes, String secret, String expected) {
    byte[] key =
        new Argon2(memory, passes, lanes, SALT).derive(PASSPHRASE, secret.getBytes(US_ASCII));

    assertThat(HEX.formatHex(key)).isEqualTo(expected);
  }

  @Test
  void derive_anythingChanged_isAnotherKey() {
    byte[] changedSalt = SALT.clone();
    changedSalt[15] ^= 1;
    byte[] changedPassphrase = PASSPHRASE.clone();
    changedPassphrase[0] ^= 1;
    Argon2 argon2 = new Argon2(7_168, 1, 1, SALT);

    List<String> keys = new ArrayList<>();
    keys.add(HEX.formatHex(argon2.derive(PASSPHRASE, NO_SECRET)));
    keys.add(HEX.formatHex(argon2.derive(changedPassphrase, NO_SECRET)));
    keys.add(HEX.formatHex(argon2.derive(Arrays.copyOf(PASSPHRASE, 14), NO_SECRET)));
    keys.add(HEX.formatHex(argon2.derive(PASSPHRASE, new byte[] {0})));
    for (Argon2 other :
        List.of(
            new Argon2(7_168, 1, 1, changedSalt),
            new Argon2(7_172, 1, 1, SALT),
            new Argon2(7_168, 2, 1, SALT),
            new Argon2(7_168, 1, 2, SALT))) {
      keys.add(HEX.formatHex(other.derive(PASSPHRASE, NO_SECRET)));
    }

    assertThat(keys).hasSize(8).doesNotHaveDuplicates();
    assertThat(HEX.formatHex(argon2.derive(PASSPHRASE, NO_SECRET))).isEqualTo(keys.get(0));
  }

  @Test
  void derive_given_isLeftAlone() {
    byte[] passphrase = PASSPHRASE.clone();
    byte[] secret = {1, 2, 3};
    byte[] salt = SALT.clone();

    new Argon2(7_168, 1, 1, salt).derive(passphrase, secret);

    assertThat(passphrase).isEqualTo(PASSPHRASE);
    assertThat(secret).containsExactly(1, 2, 3);
    assertThat(salt).isEqualTo(SALT);
  }

  @Test
  void derive_done_leavesNothingInTheParameters() {
    var builder = new Argon2(32, 1, 1, SALT).parameters(new byte[] {1, 2, 3});

    Argon2.derive(PASSPHRASE, builder);

    assertThat(builder.build().getSecret()).containsExactly(0, 0, 0);
  }

  @Test
  void encode_forVault_isAsDocumented() {
    assertThat(HEX.formatHex(Argon2.forVault().encode(), 0, 12))
        .isEqualTo("00010000" + "00000003" + "00000001");
  }

  @Test
  void encode_forSecret_isAsDocumented() {
    assertThat(HEX.formatHex(Argon2.forSecret().encode(), 0, 12))
        .isEqualTo("00004c00" + "00000002" + "00000001");
  }

  @Test
  void forVaultAndForSecret_eachTime_haveANewSalt() {
    assertThat(
            List.of(
                HEX.formatHex(Argon2.forVault().encode(), 12, 28),
                HEX.formatHex(Argon2.forVault().encode(), 12, 28),
                HEX.formatHex(Argon2.forSecret().encode(), 12, 28),
                HEX.formatHex(Argon2.forSecret().encode(), 12, 28)))
        .doesNotHaveDuplicates()
        .doesNotContain("00".repeat(16));
  }

  @ParameterizedTest
  @CsvSource({"65536, 3, 1", "19456, 2, 1", "7168, 1, 1", "1048576, 16, 16", "7168, 16, 16"})
  void parse_withinBounds_isWhatWasEncoded(int memory, int passes, int lanes) {
    ByteBuffer encoded = ByteBuffer.allocate(32).putInt(memory).putInt(passes).putInt(lanes);
    encoded.put(SALT).putInt(-1).flip();

    Argon2 parsed = Argon2.parse(encoded);

    assertThat(parsed.encode())
        .hasSize(Argon2.ENCODED_BYTES)
        .isEqualTo(Arrays.copyOf(encoded.array(), Argon2.ENCODED_BYTES));
    assertThat(encoded.remaining()).as("what follows is left").isEqualTo(4);
    assertThat(parsed.parameters(NO_SECRET).build().getMemory()).isEqualTo(memory);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1",
    "7167, 1, 1",
    "1048577, 1, 1",
    "2147483647, 1, 1",
    "-1, 1, 1",
    "-2147483648, 1, 1",
    "65536, 0, 1",
    "65536, 17, 1",
    "65536, 2147483647, 1",
    "65536, -1, 1",
    "65536, 1, 0",
    "65536, 1, 17",
    "65536, 1, 2147483647",
    "65536, 1, -1"
  })
  void parse_outOfBounds_isDamage(int memory, int passes, int lanes) {
    byte[] encoded = new Argon2(memory, passes, lanes, SALT).encode();

    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> Argon2.parse(ByteBuffer.wrap(encoded)))
        .withMessage(VaultHeader.DAMAGED_MESSAGE)
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.DAMAGED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 11, 12, 27})
  void parse_cutShort_isDamage(int length) {
    ByteBuffer cut = ByteBuffer.wrap(Argon2.forSecret().encode(), 0, length);

    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> Argon2.parse(cut))
        .withMessage(VaultHeader.DAMAGED_MESSAGE);
  }

  @Test
  void derive_whileTwoRun_waits() throws Exception {
    Argon2 argon2 = new Argon2(7_168, 1, 1, SALT);
    CountDownLatch running = new CountDownLatch(2);
    CountDownLatch letGo = new CountDownLatch(1);
    List<CompletableFuture<byte[]>> two = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        two.add(
            inAThread(
                () ->
                    argon2.run(
                        () -> {
                          running.countDown();
                          await(letGo);
                          return new byte[0];
                        })));
      }
      await(running);
      CompletableFuture<byte[]> third = inAThread(() -> argon2.derive(PASSPHRASE, NO_SECRET));
      while (!Argon2.RUNS.hasQueuedThreads()) {
        assertThat(third).as("has not run beside the two").isNotDone();
        Thread.onSpinWait();
      }
      assertThat(third).isNotDone();
      assertThat(two).noneMatch(CompletableFuture::isDone);

      letGo.countDown();

      assertThat(third.get(60, TimeUnit.SECONDS)).hasSize(Argon2.KEY_BYTES);
    } finally {
      letGo.countDown();
    }
    for (CompletableFuture<byte[]> one : two) {
      assertThat(one.get(60, TimeUnit.SECONDS)).isEmpty();
    }
  }

  @Test
  void run_calculationsThatFail_leaveTheirTurnToOthers() {
    Argon2 argon2 = new Argon2(7_168, 1, 1, SALT);
    for (int i = 0; i < 3; i++) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  argon2.run(
                      () -> {
                        throw new IllegalStateException("on purpose");
                      }));
    }
    assertThat(argon2.derive(PASSPHRASE, NO_SECRET)).hasSize(Argon2.KEY_BYTES);
  }

  @Test
  void run_outOfMemory_saysHowMuchIsNeeded() {
    OutOfMemoryError cause = new OutOfMemoryError("on purpose");

    CryptoException thrown =
        catchThrowableOfType(
            CryptoException.class,
            () ->
                Argon2.forVault()
                    .run(
                        () -> {
                          throw cause;
                        }));

    assertThat(thrown)
        .hasMessage(
            "the passphrase cannot be used: Argon2id needs 64 MiB of heap for a moment, which are"
                + " not free: give the JVM more")
        .hasCause(cause);
    assertThat(thrown.reason()).isEqualTo(Reason.KEY_UNAVAILABLE);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static CompletableFuture<byte[]> inAThread(Supplier<byte[]> task) {
    return CompletableFuture.supplyAsync(task, run -> new Thread(run).start());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
