package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing that should be sealed is in a file, a message, a log line or a {@code toString}. */
class SecrecyTest {

  private static final String NAME = "marker-name-kxqwzv";
  private static final String VALUE = "marker-value-pjrtbn";
  private static final String DESCRIPTION = "marker-description-hhgfqd";
  private static final String LABEL_KEY = "marker-label-key-vvbnmz";
  private static final String LABEL_VALUE = "marker-label-value-lkjhgz";
  private static final String USER_ID = "marker-user-id-poiuyt";
  private static final List<String> MARKERS =
      List.of(NAME, VALUE, DESCRIPTION, LABEL_KEY, LABEL_VALUE, USER_ID);

  @TempDir Path directory;

  private static SecretSpec spec() {
    return SecretSpec.named(NAME)
        .value(VALUE.toCharArray())
        .description(DESCRIPTION)
        .label(LABEL_KEY, LABEL_VALUE)
        .active();
  }

  private SecretVault open(byte[] key) {
    return SecretVault.builder()
        .store(FileSecretStore.open(directory.resolve("vault")))
        .masterKey(MasterKey.fromBytes(key))
        .open();
  }

  /** The marker in every shape in which it could stand in a file. */
  private static List<byte[]> shapesOf(byte[] secret) {
    List<byte[]> shapes = new ArrayList<>();
    shapes.add(secret);
    shapes.add(HexFormat.of().formatHex(secret).getBytes(StandardCharsets.US_ASCII));
    shapes.add(
        HexFormat.of().withUpperCase().formatHex(secret).getBytes(StandardCharsets.US_ASCII));
    // In Base64 it depends on where in a group of three it begins; the ends depend on the
    // neighbours.
    for (int lead = 0; lead < 3; lead++) {
      byte[] shifted = new byte[lead + secret.length];
      System.arraycopy(secret, 0, shifted, lead, secret.length);
      for (Base64.Encoder encoder : List.of(Base64.getEncoder(), Base64.getUrlEncoder())) {
        String text = encoder.withoutPadding().encodeToString(shifted);
        String middle = text.substring(4, text.length() - 3);
        shapes.add(middle.getBytes(StandardCharsets.US_ASCII));
      }
    }
    return shapes;
  }

  private static boolean contains(byte[] haystack, byte[] needle) {
    String text = new String(haystack, StandardCharsets.ISO_8859_1);
    return text.contains(new String(needle, StandardCharsets.ISO_8859_1));
  }

  private void assertNoMarkerOnDisk(byte[] key) throws IOException {
    List<byte[]> needles = new ArrayList<>(shapesOf(key));
    for (String marker : MARKERS) {
      for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE)) {
        needles.addAll(shapesOf(marker.getBytes(charset)));
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        byte[] name = file.toString().getBytes(StandardCharsets.UTF_8);
        byte[] content = Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
        for (byte[] needle : needles) {
          assertThat(contains(name, needle)).isFalse();
          assertThat(contains(content, needle)).as("in %s", file.getFileName()).isFalse();
        }
      }
    }
  }

  @Test
  void directory_holdsNothingInClear() throws IOException {
    byte[] key = new byte[MasterKey.BYTES];
    new SecureRandom().nextBytes(key);
    try (SecretVault vault = open(key);
        CreatedSecret created = vault.create(spec())) {
      SecretId id = created.info().id();
      vault.verify(id, USER_ID, vault.hmac(NAME, USER_ID).hex());
      vault.reveal(NAME).close();
      vault.deactivate(id);
      assertNoMarkerOnDisk(key);
      vault.delete(id);
      assertNoMarkerOnDisk(key);
    }
    assertNoMarkerOnDisk(key);
  }

  /** The search above finds what is there, in each shape. */
  @Test
  void search_findsAPlantedMarker() {
    for (byte[] shape : shapesOf(VALUE.getBytes(StandardCharsets.UTF_8))) {
      byte[] file =
          ("noise" + new String(shape, StandardCharsets.ISO_8859_1) + "noise")
              .getBytes(StandardCharsets.ISO_8859_1);
      assertThat(contains(file, shape)).isTrue();
    }
    String encoded =
        Base64.getEncoder().encodeToString(("xx" + VALUE + "yy").getBytes(StandardCharsets.UTF_8));
    assertThat(shapesOf(VALUE.getBytes(StandardCharsets.UTF_8)))
        .anyMatch(shape -> contains(encoded.getBytes(StandardCharsets.US_ASCII), shape));
  }

  @Test
  void messagesAndLogs_sayNothing() {
    List<String> said = new ArrayList<>();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = System.out;
    PrintStream err = System.err;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    LogLines log = LogLines.ofAll();
    try (log;
        VaultFixture fixture = VaultFixture.inMemory();
        CreatedSecret created = fixture.vault.create(spec())) {
      SecretVault vault = fixture.vault;
      SecretId id = created.info().id();
      Digest digest = vault.hmac(id, USER_ID);
      said.add(digest.toString());
      said.add(vault.toString());
      said.add(created.toString());
      said.add(created.value().toString());
      said.add(created.info().toString());
      List<Runnable> failing =
          List.of(
              () -> vault.create(spec()),
              () -> vault.create(SecretSpec.named(NAME + "\n")),
              () -> vault.create(SecretSpec.named(" " + NAME)),
              () -> vault.create(SecretSpec.named(NAME + "2")),
              () -> SecretSpec.named(NAME).value((VALUE + "\ud800").toCharArray()),
              () -> SecretSpec.named(NAME).value(VALUE.repeat(100_000).toCharArray()),
              () -> vault.create(SecretSpec.named("n").value(VALUE.repeat(5_000).toCharArray())),
              () -> spec().label(LABEL_KEY, LABEL_VALUE),
              () -> spec().description(DESCRIPTION),
              () -> SecretSpec.named(NAME).description(DESCRIPTION + "\u0000"),
              () -> vault.hmac(id, USER_ID + "\ud800"),
              () -> vault.hmac(id, USER_ID.repeat(1_000)),
              () -> vault.hmac(NAME + "3", USER_ID),
              () -> vault.reveal(NAME + "\ud800"),
              () -> SecretId.of(NAME),
              () -> ListQuery.all().after(NAME),
              () -> {
                vault.deactivate(id);
                vault.hmac(id, USER_ID);
              },
              () -> {
                vault.close();
                vault.hmac(id, USER_ID);
              });
      for (Runnable call : failing) {
        Throwable thrown = catchThrowable(call::run);
        assertThat(thrown).isNotNull();
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
          said.add(cause.toString());
        }
      }
      assertThat(said).noneMatch(text -> text.contains(digest.hex()));
      assertThat(log.said()).noneMatch(text -> text.contains(digest.hex()));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    said.addAll(log.said());
    said.add(printed.toString(StandardCharsets.UTF_8));
    for (String marker : MARKERS) {
      assertThat(said).noneMatch(text -> text.contains(marker));
    }
  }

  @Test
  void secretValue_isMuteClosableAndNeverSerialized() {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      fixture.vault.create(spec()).close();
      SecretValue value = fixture.vault.reveal(NAME);
      byte[] lent = value.use(bytes -> bytes);
      char[] text = value.useChars(chars -> chars);
      assertThat(text).as("overwritten after use").containsOnly('\0');
      assertThat(value).isNotInstanceOf(Serializable.class);
      assertThatThrownBy(
              () -> new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(value))
          .isInstanceOf(NotSerializableException.class);
      try (SecretValue same = fixture.vault.reveal(NAME)) {
        assertThat(value.equals(same)).isFalse();
      }
      value.close();
      value.close();
      assertThat(lent).containsOnly(0);
      assertThatThrownBy(() -> value.use(bytes -> bytes)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> value.useChars(chars -> chars))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void createdSecret_closed_keepsItsInfoOnly() {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      CreatedSecret created = fixture.vault.create(spec());
      byte[] lent = created.value().use(bytes -> bytes);
      created.close();
      assertThat(lent).containsOnly(0);
      assertThat(created.info().name()).isEqualTo(NAME);
      assertThatThrownBy(() -> created.value().use(bytes -> bytes))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
