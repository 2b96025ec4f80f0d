package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignTest {

  private static final long SEED = 20_261_121L;

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
    cli.creates("web", "secret");
  }

  private Cli.Answer sign(String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sign",
                "web",
                "--in",
                cli.file("ids.txt").toString(),
                "--out",
                cli.file("out.csv").toString()));
    command.addAll(List.of(more));
    return cli.run(command.toArray(String[]::new));
  }

  private void ids(String text) throws IOException {
    Files.writeString(cli.file("ids.txt"), text);
  }

  private String csv() throws IOException {
    return Files.readString(cli.file("out.csv"));
  }

  private static String line(String field, String userId) {
    return field + "," + DemoStage.mac("secret", userId) + "\n";
  }

  @Test
  void sign_hundredThousandUserIds_equalsMacLineByLineInOrder() throws Exception {
    Random random = new Random(SEED);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      StringBuilder id = new StringBuilder("user-" + i + "-");
      for (int n = random.nextInt(40); n > 0; n--) {
        id.appendCodePoint(0x61 + random.nextInt(random.nextInt(20) == 0 ? 0x1000 : 26));
      }
      ids.add(id.toString());
    }
    Files.write(cli.file("ids.txt"), ids);
    Cli.Answer answer = sign();
    assertThat(answer.exitCode()).as(answer.err()).isZero();
    assertThat(answer.line()).startsWith("100,000 user IDs signed in ");
    // Where this takes seconds, it shows how far it is.
    assertThat(answer.err().lines())
        .allMatch(line -> line.matches("secretvault: +\\d+%  [\\d,]+ signed, [\\d,]+ a second"));

    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec("secret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    List<String> expected = new ArrayList<>();
    expected.add("user_id,digest");
    for (String id : ids) {
      byte[] digest = mac.doFinal(id.getBytes(StandardCharsets.UTF_8));
      expected.add(id + "," + HexFormat.of().formatHex(digest));
    }
    assertThat(Files.readAllLines(cli.file("out.csv"))).as("seed %s", SEED).isEqualTo(expected);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cli.file("out.csv"))))
        .isEqualTo("rw-------");
  }

  /** An implementation that shares no code with ours; skipped where it is not installed. */
  @Test
  void sign_severalUserIds_equalsOpenssl() throws Exception {
    List<String> ids = List.of("user-42", "3f2b8c1e-5d4a-4e6f-9a7b-0c1d2e3f4a5b", "\u00fc\u20ac");
    Files.write(cli.file("ids.txt"), ids);
    assertThat(sign().exitCode()).isZero();
    List<String> expected = new ArrayList<>(List.of("user_id,digest"));
    for (String id : ids) {
      expected.add(id + "," + opensslDigest(id));
    }
    assertThat(Files.readAllLines(cli.file("out.csv"))).isEqualTo(expected);
  }

  private static String opensslDigest(String id) throws Exception {
    Process openssl;
    try {
      openssl = new ProcessBuilder("openssl", "dgst", "-sha256", "-hmac", "secret", "-r").start();
    } catch (IOException notInstalled) {
      return abort("openssl is not installed");
    }
    try (OutputStream to = openssl.getOutputStream()) {
      to.write(id.getBytes(StandardCharsets.UTF_8));
    }
    String digest = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(openssl.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return digest.substring(0, 64);
  }

  @Test
  void sign_charactersOfCsv_areQuoted() throws IOException {
    ids(
        "plain\n"
            + "with,comma\n"
            + "with\"quote\n"
            + "\"\n"
            + "=1+1\n"
            + " space \n"
            + "lone\r"
            + "return\n"
            + "\u00fc\u20ac\ud83d\ude00\n");
    assertThat(sign().exitCode()).isZero();
    assertThat(csv())
        .isEqualTo(
            "user_id,digest\n"
                + line("plain", "plain")
                + line("\"with,comma\"", "with,comma")
                + line("\"with\"\"quote\"", "with\"quote")
                + line("\"\"\"\"", "\"")
                + line("=1+1", "=1+1")
                + line(" space ", " space ")
                + line("\"lone\rreturn\"", "lone\rreturn")
                + line("\u00fc\u20ac\ud83d\ude00", "\u00fc\u20ac\ud83d\ude00"));
  }

  @Test
  void sign_anyLineEnds_areNotSigned() throws IOException {
    ids("a\r\nb\nc");
    assertThat(sign().exitCode()).isZero();
    assertThat(csv())
        .isEqualTo("user_id,digest\n" + line("a", "a") + line("b", "b") + line("c", "c"));
  }

  @Test
  void sign_replacementCharacterInTheInput_isTakenAsItIs() throws IOException {
    ids("a\ufffdb\n");
    assertThat(sign().exitCode()).isZero();
    assertThat(csv()).isEqualTo("user_id,digest\n" + line("a\ufffdb", "a\ufffdb"));
  }

  @Test
  void sign_noUserIds_writesTheHeaderAlone() throws IOException {
    ids("");
    assertThat(sign().line()).startsWith("0 user IDs signed");
    assertThat(csv()).isEqualTo("user_id,digest\n");
  }

  @Test
  void sign_longestUserIds_areSigned() throws IOException {
    String longest = "x".repeat(4_094) + "\u00fc";
    ids((longest + "\r\n").repeat(40));
    assertThat(sign().exitCode()).isZero();
    assertThat(csv()).isEqualTo("user_id,digest\n" + line(longest, longest).repeat(40));
  }

  static Stream<Arguments> malformed() {
    byte[] latin = {'n', 'a', (byte) 0xef, 'v', 'e'};
    byte[] overlong = {(byte) 0xc0, (byte) 0xaf};
    byte[] surrogate = {(byte) 0xed, (byte) 0xa0, (byte) 0x80};
    return Stream.of(
        Arguments.of("is empty", new byte[0]),
        Arguments.of("is empty", new byte[] {'\r'}),
        Arguments.of(
            "is longer than 4096 bytes", "x".repeat(4_097).getBytes(StandardCharsets.UTF_8)),
        Arguments.of(
            "is longer than 4096 bytes", "x".repeat(300_000).getBytes(StandardCharsets.UTF_8)),
        Arguments.of("is not UTF-8", latin),
        Arguments.of("is not UTF-8", overlong),
        Arguments.of("is not UTF-8", surrogate),
        Arguments.of(
            "begins with a byte order mark", "\ufeffuser".getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void sign_malformedLine_stopsWithItsNumberAndWritesNothing(String why, byte[] bad)
      throws IOException {
    Files.writeString(cli.file("out.csv"), "as it was\n");
    // The first line, one far behind the first block, and the last one without an end.
    for (int number : new int[] {1, 12_000, 15_000}) {
      ByteArrayOutputStream ids = new ByteArrayOutputStream();
      for (int i = 1; i <= 15_000; i++) {
        ids.writeBytes(i == number ? bad : ("user-" + i).getBytes(StandardCharsets.UTF_8));
        if (i < 15_000 || bad.length < 2) {
          ids.write('\n');
        }
      }
      Files.write(cli.file("ids.txt"), ids.toByteArray());
      Map<String, String> before = cli.disk();
      Cli.Answer answer = sign("--force");
      assertThat(answer.err())
          .startsWith("secretvault: " + cli.file("ids.txt") + ", line " + number + ": " + why)
          .hasLineCount(1)
          .doesNotContain("xxx");
      assertThat(answer.exitCode()).isEqualTo(1);
      assertThat(answer.out()).isEmpty();
      assertThat(cli.disk()).isEqualTo(before);
    }
  }

  @Test
  void sign_twoMalformedLines_namesTheFirst() throws IOException {
    ids("user\n".repeat(15_000) + "\n" + "user\n".repeat(15_000) + "\n");
    assertThat(sign().err()).contains("line 15001: is empty");
  }

  @Test
  void sign_force_replacesTheFile() throws IOException {
    Files.writeString(cli.file("out.csv"), "old");
    ids("a\n");
    assertThat(sign().exitCode()).isEqualTo(1);
    assertThat(csv()).isEqualTo("old");
    assertThat(sign("--force").exitCode()).isZero();
    assertThat(csv()).isEqualTo("user_id,digest\n" + line("a", "a"));
  }

  @Test
  void sign_outputIsALink_isRefusedEvenWithForce() throws IOException {
    ids("a\n");
    Files.writeString(cli.file("target.csv"), "old");
    Files.createSymbolicLink(cli.file("out.csv"), cli.file("target.csv"));
    Cli.Answer answer = sign("--force");
    assertThat(answer.err()).contains("is not a regular file");
    assertThat(Files.readString(cli.file("target.csv"))).isEqualTo("old");
  }

  @Test
  void sign_outputAppearsMeanwhile_isNotReplaced() throws IOException {
    Path out = cli.file("out.csv");
    try (NewFile file = new NewFile(out, false)) {
      file.stream().write('x');
      Files.writeString(out, "another's");
      assertThatThrownBy(file::appear).isInstanceOf(Refusal.class).hasMessageContaining("appeared");
    }
    assertThat(out).hasContent("another's");
    assertThat(cli.file("")).isDirectoryNotContaining("glob:**.tmp");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 200_000})
  void blocks_linesOfAnyLength_areWholeAndComplete(int size) throws IOException {
    Random random = new Random(SEED + size);
    StringBuilder text = new StringBuilder();
    while (text.length() < size) {
      text.append("x".repeat(random.nextInt(5_000))).append('\n');
    }
    text.setLength(size);
    byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
    LineBlocks blocks = new LineBlocks(new Trickle(bytes, random));
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    for (byte[] block = blocks.next(); block != null; block = blocks.next()) {
      assertThat(block.length).isBetween(1, LineBlocks.BLOCK);
      read.writeBytes(block);
      if (read.size() < size) {
        assertThat(block[block.length - 1]).as("seed %s", SEED).isEqualTo((byte) '\n');
      }
    }
    assertThat(read.toByteArray()).isEqualTo(bytes);
  }

  /** Gives a few bytes at a time, as pipes do. */
  private static final class Trickle extends InputStream {
    private final ByteArrayInputStream in;
    private final Random random;

    Trickle(byte[] bytes, Random random) {
      in = new ByteArrayInputStream(bytes);
      this.random = random;
    }

    @Override
    public int read() {
      return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      return in.read(target, offset, Math.min(length, 1 + random.nextInt(3_000)));
    }
  }

  @Test
  void signer_endlessInput_holdsAFewBlocksOnly() {
    AtomicLong given = new AtomicLong();
    AtomicLong taken = new AtomicLong();
    AtomicLong most = new AtomicLong();
    long size = 200L * LineBlocks.BLOCK;
    InputStream lines =
        new InputStream() {
          @Override
          public int read() {
            throw new UnsupportedOperationException();
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            if (given.get() >= size) {
              return -1;
            }
            for (int i = 0; i < length; i++) {
              target[offset + i] = (byte) ((given.get() + i) % 64 == 63 ? '\n' : 'x');
            }
            most.accumulateAndGet(given.addAndGet(length) - taken.get(), Math::max);
            return length;
          }
        };
    OutputStream out =
        new OutputStream() {
          @Override
          public void write(int b) {
            throw new UnsupportedOperationException();
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            // Each digest here is empty, so a line grows by its comma alone.
            taken.addAndGet(length);
          }
        };
    Progress progress =
        new Progress(ProgressTest.streams(out, false), size, "user IDs signed", () -> 0);
    CsvSigner signer = new CsvSigner(userId -> "", progress);
    assertThat(count(signer, lines, out)).isGreaterThan(200_000);
    int cores = Runtime.getRuntime().availableProcessors();
    assertThat(most.get()).isBetween(1L, (cores + 3L) * LineBlocks.BLOCK);
  }

  private static long count(CsvSigner signer, InputStream lines, OutputStream out) {
    try {
      return signer.sign(lines, "lines", out);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void signer_failingInput_namesIt() {
    InputStream failing =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("Input/output error");
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            throw new IOException("Input/output error");
          }
        };
    OutputStream out = OutputStream.nullOutputStream();
    Progress progress =
        new Progress(ProgressTest.streams(out, false), 1, "user IDs signed", () -> 0);
    assertThatThrownBy(() -> new CsvSigner(userId -> "", progress).sign(failing, "ids", out))
        .isInstanceOf(Refusal.class)
        .hasMessage("ids cannot be read (Input/output error)");
  }
}
