package dev.secretvault.store.file;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/FORMAT.md says of each vector is what the store does with it, and none is left out. */
@Timeout(60)
class FormatVectorsTest {

  private static final Path FORMAT = Path.of("..", "docs", "FORMAT.md");
  static final Path VECTORS = Path.of("src/test/resources/dev/secretvault/store/file/format-1");

  /** Faults of a directory, which no file can show. */
  private static final Set<String> BUILT =
      Set.of("directory-writable", "log-writable", "log-link", "log-directory", "network");

  /** A line of a table: what stands between its bars. */
  private record Row(List<String> cells) {
    String vector() {
      return cells.get(0).substring(1, cells.get(0).length() - 1);
    }

    @Override
    public String toString() {
      return vector();
    }
  }

  @TempDir Path parent;

  private Path directory;

  @BeforeEach
  void createDirectory() throws IOException {
    directory = parent.toRealPath().resolve("store");
    Files.createDirectory(directory);
    setMode(directory, "rwx------");
  }

  private static void setMode(Path path, String mode) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  /** The lines with a vector in the tables under a heading. */
  private static List<Row> rows(String heading) throws IOException {
    String text = Files.readString(FORMAT);
    int start = text.indexOf("\n### " + heading + "\n");
    assertThat(start).as(heading).isPositive();
    return text.substring(start, text.indexOf("\n##", start + 1))
        .lines()
        .filter(line -> line.startsWith("| `"))
        .map(
            line ->
                new Row(Arrays.stream(line.split("\\|", -1)).skip(1).map(String::strip).toList()))
        .toList();
  }

  static List<Row> rejected() throws IOException {
    return rows("1.5 What must be rejected");
  }

  static List<Row> accepted() throws IOException {
    return rows("1.8 Examples");
  }

  @Test
  void vectors_all_areThoseOfTheFormat() throws IOException {
    List<String> told = new ArrayList<>();
    rejected().forEach(row -> told.add(row.vector()));
    accepted().forEach(row -> told.add(row.vector()));
    assertThat(told).doesNotHaveDuplicates().hasSizeGreaterThan(100).containsAll(BUILT);
    try (Stream<Path> vectors = Files.list(VECTORS)) {
      Set<String> files = new TreeSet<>(BUILT);
      vectors.forEach(vector -> files.add(vector.getFileName().toString()));
      assertThat(files).isEqualTo(new TreeSet<>(told));
    }
  }

  /** Puts the files of a vector into the directory. */
  private void unpack(String vector) throws IOException {
    try (Stream<Path> files = Files.list(VECTORS.resolve(vector))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        byte[] content = Files.readAllBytes(file);
        if (name.endsWith(".gz")) {
          try (InputStream packed = new GZIPInputStream(Files.newInputStream(file))) {
            content = packed.readAllBytes();
          }
          name = name.substring(0, name.length() - ".gz".length());
        }
        Path target = Files.write(directory.resolve(name), content);
        setMode(target, "rw-------");
      }
    }
  }

  private void build(String fault) throws IOException {
    unpack("sound");
    Path log = directory.resolve("log.1");
    switch (fault) {
      case "directory-writable" -> setMode(directory, "rwxrwx---");
      case "log-writable" -> setMode(log, "rw--w----");
      case "log-link" -> {
        Files.move(log, parent.resolve("elsewhere"));
        Files.createSymbolicLink(log, parent.resolve("elsewhere"));
      }
      case "log-directory" -> {
        Files.delete(log);
        Files.createDirectory(log);
      }
      default -> {
        // The file system is not ours to choose.
      }
    }
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path file : all.toList()) {
        if (!file.endsWith("lock")) {
          files.put(
              file.getFileName().toString(),
              Files.isRegularFile(file) ? digest(Files.readAllBytes(file)) : "");
        }
      }
    }
    return files;
  }

  private static String digest(byte[] content) {
    return content.length + " bytes, " + Checksum.text(Checksum.of(content, 0, content.length));
  }

  @ParameterizedTest
  @MethodSource("rejected")
  void open_vectorThatMustBeRejected_isRefusedAsTheFormatSays(Row row) throws Exception {
    boolean built = BUILT.contains(row.vector());
    if (built) {
      build(row.vector());
    } else {
      unpack(row.vector());
    }
    Map<String, String> before = files();
    boolean onlyWhenRead = row.cells().get(3).endsWith(", when it is read");
    ThrowingCallable use =
        row.vector().equals("network")
            ? () -> StoreDirectory.checkLocal(directory, "nfs4")
            : onlyWhenRead ? this::openAndRead : () -> FileSecretStore.open(directory).close();
    Throwable refusal = catchThrowable(use);
    String[] place = row.cells().get(1).split(", ", -1);
    switch (row.cells().get(2)) {
      case "refused" ->
          assertThat(refusal)
              .isExactlyInstanceOf(StoreException.class)
              .hasMessageContaining(name())
              .hasMessageContaining(row.vector().endsWith("-writable") ? "chmod go-w" : "");
      case "newer format" ->
          assertThat(refusal)
              .isInstanceOf(StoreFormatException.class)
              .hasMessageContaining(directory.resolve(place[0]) + " has format version");
      case "damaged" ->
          assertThat(refusal)
              .isInstanceOf(StoreCorruptException.class)
              .hasMessageContaining(
                  directory.resolve(place[0]) + " is damaged at byte " + place[1] + ":");
      default -> throw new AssertionError(row.cells().get(2));
    }
    Map<String, String> after = files();
    if (onlyWhenRead) {
      after.remove("settled");
    }
    assertThat(after).isEqualTo(before);
  }

  private String name() {
    return directory.toString();
  }

  /** Each of these has a record "a", whose value is the fault. */
  private void openAndRead() {
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
      store.read(Records.key("a"));
    }
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void open_vectorThatIsSound_isReadAsTheFormatSays(Row row) throws Exception {
    unpack(row.vector());
    long generation = Names.newestGeneration(new RealDisk(directory).list());
    Path log = directory.resolve(Names.log(generation));
    long length = LogText.withoutFreeSpace(Files.readAllBytes(log)).length;
    String cut = row.cells().get(2);
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      String stored =
          store.scan(null, 100).stream()
              .map(record -> record.key() + " " + record.revision())
              .collect(joining(", "));
      assertThat(stored).isEqualTo(row.cells().get(1));
      assertThat(store.recovery().tornTailCut()).isEqualTo(!cut.isEmpty());
      if (!cut.isEmpty()) {
        assertThat(store.recovery().offset()).isEqualTo(Long.parseLong(cut));
        assertThat(store.recovery().bytes()).isEqualTo(length - Long.parseLong(cut));
      }
    }
    Set<String> left =
        files().keySet().stream()
            .filter(name -> !name.startsWith("torn-"))
            .collect(Collectors.toSet());
    assertThat(left).containsExactlyInAnyOrder(Names.log(generation), "settled");
    // Sound to the reader that was written from the format alone, too.
    String read =
        StrictLog.read(Files.readAllBytes(log)).entrySet().stream()
            .map(record -> record.getKey() + " " + record.getValue().revision())
            .collect(joining(", "));
    assertThat(read).isEqualTo(row.cells().get(1));
  }
}
