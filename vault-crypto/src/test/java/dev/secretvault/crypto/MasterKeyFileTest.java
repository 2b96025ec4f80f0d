package dev.secretvault.crypto;

import static dev.secretvault.crypto.MasterKeyTest.newSecretOf;
import static dev.secretvault.crypto.MasterKeyTest.secretOf;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.secretvault.crypto.CryptoException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the key's file is, who may read it, and how it comes to be. */
@Timeout(60)
final class MasterKeyFileTest {

  private static final String HEX =
      HexFormat.of().formatHex(Seeded.bytes(new Random(1), MasterKey.BYTES));

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void requirePosix() throws IOException {
    assumeTrue(
        Files.getFileStore(directory).supportsFileAttributeView("posix"),
        "the file system knows no POSIX permissions");
    file = directory.resolve("master.key");
  }

  @Test
  void open_missingFile_isUnavailableAndMakesNone() throws Exception {
    byte[] header;
    try (Keyring keyring = Keyring.create(MasterKey.fromFile(file))) {
      header = keyring.header();
    }
    Files.delete(file);

    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> Keyring.open(MasterKey.fromFile(file), header))
        .withMessageContaining(file.toString())
        .withMessageContaining("restore it")
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.KEY_UNAVAILABLE);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void fromFile_missingFile_makesNone() {
    MasterKey.fromFile(file).close();
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void create_missingFile_isMadeForTheOwnerOnlyAndOpensTheVault() throws Exception {
    try (Keyring keyring = Keyring.create(MasterKey.fromFile(file))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
      String text = Files.readString(file, US_ASCII);
      assertThat(text).hasSize(45).endsWith("\n");
      assertThat(Base64.getDecoder().decode(text.strip())).hasSize(32);
      assertThat(entries()).as("nothing else is left").containsExactly(file);
      assertThat(Files.getAttribute(file, "unix:nlink")).as("no other name").isEqualTo(1);

      Keyring.open(MasterKey.fromFile(file), keyring.header()).close();
      Keyring.open(MasterKey.fromBytes(Base64.getDecoder().decode(text.strip())), keyring.header())
          .close();
    }
  }

  @Test
  void create_twoMissingFiles_makesTwoKeys() throws Exception {
    Path other = directory.resolve("other.key");
    newSecretOf(MasterKey.fromFile(file));
    newSecretOf(MasterKey.fromFile(other));
    assertThat(file).usingCharset(US_ASCII).isNotEmptyFile();
    assertThat(Files.readString(file)).isNotEqualTo(Files.readString(other));
  }

  @Test
  void create_sameMasterKeyTwice_makesOneFile() {
    MasterKey key = MasterKey.fromFile(file);
    byte[] first = newSecretOf(key);
    assertThat(newSecretOf(key)).isEqualTo(first);
    assertThat(secretOf(key)).isEqualTo(first);
  }

  @Test
  void create_existingFile_isReadAndLeftAlone() throws Exception {
    write(HEX, "rw-------");
    try (Keyring keyring = Keyring.create(MasterKey.fromFile(file))) {
      Keyring.open(MasterKey.fromBytes(HexFormat.of().parseHex(HEX)), keyring.header()).close();
    }
    assertThat(file).hasContent(HEX);
    assertThat(entries()).containsExactly(file);
  }

  @Test
  void create_fileThatAppearsMeanwhile_isReadAndLeftAlone() throws Exception {
    MasterKey key = MasterKey.fromFile(file);
    write(HEX, "rw-------");
    assertThat(newSecretOf(key)).isEqualTo(HexFormat.of().parseHex(HEX));
    assertThat(file).hasContent(HEX);
  }

  @Test
  void open_fileThatAppearsMeanwhile_isChecked() throws Exception {
    MasterKey key = MasterKey.fromFile(file);
    write(HEX, "rw-r-----");
    assertUnavailable(() -> secretOf(key));
    assertUnavailable(() -> newSecretOf(key));
    write(HEX, "rw-------");
    assertThat(secretOf(key)).isEqualTo(HexFormat.of().parseHex(HEX));
  }

  @Test
  void create_eightThreads_makeOneKey() throws Exception {
    for (int round = 0; round < 100; round++) {
      Path contested = directory.resolve("key-" + round);
      List<byte[]> keys =
          Together.run(Collections.nCopies(8, () -> newSecretOf(MasterKey.fromFile(contested))));
      Set<String> distinct = new HashSet<>();
      keys.forEach(key -> distinct.add(HexFormat.of().formatHex(key)));
      assertThat(distinct).as("round %d", round).hasSize(1);
      assertThat(Base64.getDecoder().decode(Files.readString(contested).strip()))
          .isEqualTo(keys.get(0));
    }
    assertThat(entries()).as("nothing else is left").hasSize(100);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rw-r-----",
        "rw--w----",
        "rw---x---",
        "rw----r--",
        "rw-----w-",
        "rw------x",
        "rw-rw-rw-",
        "rwxrwxrwx",
        "---r--r--",
        "r-----r--"
      })
  void fromFile_othersMayUseIt_saysChmod(String permissions) throws Exception {
    write(HEX, permissions);
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> MasterKey.fromFile(file))
        .withMessageContaining("chmod 600 " + file)
        .withMessageNotContaining(HEX)
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.KEY_UNAVAILABLE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-------", "r--------", "rwx------", "r-x------"})
  void fromFile_onlyTheOwnerMayUseIt_isRead(String permissions) throws Exception {
    write(HEX, permissions);
    assertThat(secretOf(MasterKey.fromFile(file))).isEqualTo(HexFormat.of().parseHex(HEX));
  }

  @Test
  void fromFile_linkToAFileThatOthersMayRead_isRefused() throws Exception {
    write(HEX, "rw-r--r--");
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    assertUnavailable(() -> MasterKey.fromFile(link));
    write(HEX, "rw-------");
    assertThat(secretOf(MasterKey.fromFile(link))).isEqualTo(HexFormat.of().parseHex(HEX));
  }

  @Test
  void create_linkToNowhere_isUnavailableAndMakesNothing() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    assertUnavailable(() -> newSecretOf(MasterKey.fromFile(link)));
    assertUnavailable(() -> secretOf(MasterKey.fromFile(link)));
    assertThat(entries()).containsExactly(link);
  }

  @Test
  void create_missingDirectory_isUnavailable() {
    Path elsewhere = directory.resolve("missing").resolve("master.key");
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> newSecretOf(MasterKey.fromFile(elsewhere)))
        .withMessageContaining(elsewhere.toString())
        .withMessageContaining("cannot be created")
        .withCauseInstanceOf(IOException.class);
    assertThat(directory).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwx------", "rwxr-xr-x"})
  void fromFile_directory_isRefusedWithoutAdviceThatWouldLockIt(String permissions)
      throws Exception {
    Files.createDirectory(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> MasterKey.fromFile(file))
        .withMessageContaining(file.toString())
        .withMessageContaining("directory")
        .withMessageNotContaining("chmod")
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.KEY_UNAVAILABLE);
  }

  @Test
  void fromFile_unreadable_isUnavailable() throws Exception {
    write(HEX, "---------");
    assumeTrue(!Files.isReadable(file), "this user may read everything");
    assertUnavailable(() -> MasterKey.fromFile(file));
  }

  /** A file of mode 0600 whose every read fails, whoever the user is. */
  @Test
  void fromFile_readFails_isUnavailable() {
    Path memory = Path.of("/proc/self/mem");
    assumeTrue(Files.exists(memory), "there is no /proc/self/mem");
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> MasterKey.fromFile(memory))
        .withMessageContaining("cannot be read")
        .withCauseInstanceOf(IOException.class)
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.KEY_UNAVAILABLE);
  }

  /** Its size is said to be 0, and it has gigabytes: what is read must be bounded all the same. */
  @Test
  void fromFile_endlessFile_isUnavailable() {
    Path endless = Path.of("/proc/self/pagemap");
    assumeTrue(Files.isReadable(endless), "there is no /proc/self/pagemap");
    assertUnavailable(() -> MasterKey.fromFile(endless));
  }

  private static void assertUnavailable(org.assertj.core.api.ThrowableAssert.ThrowingCallable act) {
    Tampering.assertRefused(Reason.KEY_UNAVAILABLE, act);
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private void write(String text, String permissions) throws IOException {
    Files.deleteIfExists(file);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }
}
