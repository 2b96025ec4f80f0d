package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.CryptoException.Reason;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The key itself and its forms as text. */
@Timeout(60)
final class MasterKeyTest {

  private static final byte[] KEY = Seeded.bytes(new Random(1), MasterKey.BYTES);
  private static final String HEX = HexFormat.of().formatHex(KEY);
  private static final String BASE64 = Base64.getEncoder().encodeToString(KEY);

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 31, 33, 64})
  void fromBytes_anotherLength_isRefused(int length) {
    byte[] key = Arrays.copyOf("\1".repeat(64).getBytes(UTF_8), length);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MasterKey.fromBytes(key))
        .withMessageContaining("key: 32 bytes")
        .withMessageContaining("are " + length);
  }

  @Test
  void fromBytes_zeroKey_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MasterKey.fromBytes(new byte[32]))
        .withMessage("key: all bytes are zero");
    for (int at = 0; at < 32; at++) {
      byte[] almost = new byte[32];
      almost[at] = (byte) 0x80;
      assertThat(secretOf(MasterKey.fromBytes(almost))).isEqualTo(almost);
    }
  }

  @Test
  void from_null_isNamed() {
    assertThatNullPointerException().isThrownBy(() -> MasterKey.fromBytes(null)).withMessage("key");
    assertThatNullPointerException().isThrownBy(() -> MasterKey.fromFile(null)).withMessage("file");
    assertThatNullPointerException()
        .isThrownBy(() -> MasterKey.fromEnvironment(null))
        .withMessage("variable");
  }

  @Test
  void fromBytes_callersArrayOverwritten_keepsItsOwn() {
    byte[] given = KEY.clone();
    MasterKey key = MasterKey.fromBytes(given);
    Arrays.fill(given, (byte) 0);
    assertThat(secretOf(key)).isEqualTo(KEY);
    assertThat(newSecretOf(key)).isEqualTo(KEY);
  }

  /** What it lends is a copy, which the borrower overwrites. */
  @Test
  void slotSecret_overwritten_leavesTheKeysOwn() {
    MasterKey key = MasterKey.fromBytes(KEY);
    Arrays.fill(newSecretOf(key), (byte) 0);
    Arrays.fill(secretOf(key), (byte) 0);
    assertThat(newSecretOf(key)).isEqualTo(KEY);
    assertThat(secretOf(key)).isEqualTo(KEY);
  }

  @Test
  void close_overwritesItsArrayAndNotTheCallers() {
    byte[] given = KEY.clone();
    byte[] itsOwn = KEY.clone();
    MasterKey fromBytes = MasterKey.fromBytes(given);
    MasterKey key = new RawMasterKey(null, itsOwn);
    assertThat(secretOf(fromBytes)).isEqualTo(secretOf(key));

    fromBytes.close();
    key.close();
    key.close();

    assertThat(given).isEqualTo(KEY);
    assertThat(itsOwn).containsOnly(0);
  }

  @Test
  void close_thenAnyUse_isRefused() throws Exception {
    Path missing = directory.resolve("missing");
    byte[] header;
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(KEY))) {
      header = keyring.header();
    }
    for (MasterKey key :
        List.of(
            MasterKey.fromBytes(KEY),
            MasterKey.fromFile(write(HEX)),
            MasterKey.fromFile(missing))) {
      key.close();
      assertThatIllegalStateException()
          .isThrownBy(() -> Keyring.create(key))
          .withMessageContaining("closed");
      assertThatIllegalStateException()
          .isThrownBy(() -> Keyring.open(key, header))
          .withMessageContaining("closed");
    }
    assertThat(missing).doesNotExist();
  }

  @Test
  void close_afterwards_leavesTheKeyringOpen() {
    MasterKey key = MasterKey.fromBytes(KEY);
    Identity record = new Identity("", "s/1", 1, "value");
    try (Keyring keyring = Keyring.create(key)) {
      byte[] sealed = record.seal(keyring, new byte[] {1});
      key.close();
      assertThat(record.open(keyring, sealed)).containsExactly(1);
    }
  }

  /** A vault sealed under a key that was being overwritten would be open to all, or to nobody. */
  @Test
  void close_whileAVaultIsCreated_neverSealsUnderAnOverwrittenKey() throws Exception {
    for (int i = 0; i < 500; i++) {
      MasterKey key = MasterKey.fromBytes(KEY);
      List<byte[]> headers =
          Together.run(
              List.of(
                  () -> {
                    try (Keyring keyring = Keyring.create(key)) {
                      return keyring.header();
                    } catch (IllegalStateException closed) {
                      return new byte[0];
                    }
                  },
                  () -> {
                    key.close();
                    return new byte[0];
                  }));
      if (headers.get(0).length > 0) {
        Keyring.open(MasterKey.fromBytes(KEY), headers.get(0)).close();
      }
    }
  }

  @Test
  void toString_saysNothingOfTheKey() throws Exception {
    assertThat(MasterKey.fromBytes(KEY)).hasToString("MasterKey[hidden]");
    assertThat(MasterKey.fromFile(write(HEX))).hasToString("MasterKey[hidden]");
  }

  @ParameterizedTest(name = "text {index}")
  @MethodSource("forms")
  void fromFile_everyFormOfTheText_isTheKey(String text) throws Exception {
    assertThat(secretOf(MasterKey.fromFile(write(text)))).isEqualTo(KEY);
  }

  static Stream<String> forms() {
    return Stream.of(
        HEX,
        HEX.toUpperCase(java.util.Locale.ROOT),
        HEX.substring(0, 20) + HEX.substring(20).toUpperCase(java.util.Locale.ROOT),
        BASE64,
        BASE64.replace("=", ""),
        BASE64.replace('+', '-').replace('/', '_'),
        BASE64.replace('+', '-').replace('/', '_').replace("=", ""),
        HEX + "\n",
        HEX + "\r\n",
        BASE64 + "\r\n\r\n",
        " \t\r\n" + HEX + " \t\r\n",
        "\n" + BASE64.replace("=", "") + "\t",
        " ".repeat(1024 - 64) + HEX);
  }

  @Test
  void fromFile_manyKeysInEveryForm_areThoseKeys() throws Exception {
    Random random = Seeded.random("fromFile_manyKeysInEveryForm_areThoseKeys");
    for (int i = 0; i < 100; i++) {
      byte[] key = Seeded.bytes(random, 32);
      for (String text :
          List.of(
              HexFormat.of().formatHex(key),
              Base64.getEncoder().encodeToString(key),
              Base64.getEncoder().withoutPadding().encodeToString(key),
              Base64.getUrlEncoder().encodeToString(key),
              Base64.getUrlEncoder().withoutPadding().encodeToString(key))) {
        assertThat(secretOf(MasterKey.fromFile(write(text)))).as(text).isEqualTo(key);
      }
    }
  }

  @ParameterizedTest(name = "text {index}")
  @MethodSource("noKeys")
  void fromFile_noKey_isRefusedAndNotQuoted(String text) throws Exception {
    Path file = write(text);

    CryptoException refused =
        catchThrowableOfType(CryptoException.class, () -> MasterKey.fromFile(file));

    assertThat(refused).isNotNull();
    assertThat(refused.reason()).isEqualTo(Reason.KEY_UNAVAILABLE);
    assertThat(refused).hasMessageContaining(file.toString());
    String word = text.strip();
    for (int length = 6; length < word.length(); length += 20) {
      assertThat(trace(refused)).doesNotContain(word.substring(0, length));
    }
  }

  static Stream<String> noKeys() {
    String canary = "canary";
    return Stream.of(
        "",
        "\n",
        " \t\r\n",
        canary,
        canary + " of several words",
        HEX.substring(1),
        HEX + "0",
        HEX.substring(2),
        HEX.substring(0, 63) + "g",
        HEX.substring(0, 32) + " " + HEX.substring(33),
        HEX.substring(0, 63) + "\ufeff",
        "0x" + HEX,
        "\ufeff" + HEX,
        HEX + "\0",
        HEX + "\n" + HEX,
        HEX.substring(0, 32) + "\n" + HEX.substring(32),
        BASE64 + "=",
        BASE64.substring(0, 43) + "==",
        BASE64.substring(0, 43) + "A",
        BASE64.substring(0, 42),
        BASE64.substring(0, 20) + "\n" + BASE64.substring(20),
        BASE64.substring(0, 42) + "!=",
        "\"" + BASE64 + "\"",
        "key=" + BASE64,
        Base64.getEncoder().encodeToString(Arrays.copyOf(KEY, 31)),
        Base64.getEncoder().encodeToString(Arrays.copyOf(KEY, 33)),
        "\uff10".repeat(64),
        "\u0663".repeat(32),
        "00".repeat(32),
        Base64.getEncoder().encodeToString(new byte[32]),
        " ".repeat(1025 - 64) + HEX,
        HEX + "\n".repeat(100_000),
        canary.repeat(1_000));
  }

  @Test
  void fromFile_anyBytes_neverEndsInAnythingButAKeyOrARefusal() throws Exception {
    Random random = Seeded.random("fromFile_anyBytes_neverEndsInAnythingButAKeyOrARefusal");
    int keys = 0;
    int refused = 0;
    Path file = write(HEX);
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = i % 2 == 0 ? HEX.getBytes(UTF_8) : BASE64.getBytes(UTF_8);
      for (int times = random.nextInt(3); times > 0; times--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Files.write(file, random.nextInt(10) == 0 ? Seeded.bytes(random, 64) : bytes);
      try {
        assertThat(secretOf(MasterKey.fromFile(file))).hasSize(32);
        keys++;
      } catch (CryptoException e) {
        assertThat(e.reason()).isEqualTo(Reason.KEY_UNAVAILABLE);
        refused++;
      }
    }
    assertThat(keys).isGreaterThan(300);
    assertThat(refused).isGreaterThan(300);
  }

  /** The secret of a slot of this key, which of a raw key is the key. */
  static byte[] secretOf(MasterKey key) {
    return key.slotSecret(new byte[16], new byte[0]);
  }

  /** The secret of a new slot of this key; makes the key's file if there is none. */
  static byte[] newSecretOf(MasterKey key) {
    return key.newSlot(new byte[16]).secret();
  }

  private static String trace(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }

  private Path write(String text) throws Exception {
    Path file = Files.createTempFile(directory, "key-", "");
    Files.write(file, text.getBytes(UTF_8));
    if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
    return file;
  }
}
