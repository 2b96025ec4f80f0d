package dev.secretvault.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is measured does what it is measured for. */
@Timeout(120)
class PeersTest {

  /** So many that what they take on disk is more than the blocks of some empty files. */
  private static final int FILLED = 300;

  private static final int CREATED = 3;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "secretvault",
        "secretvault-alone",
        "sqlite",
        "mvstore",
        "file-each",
        "json",
        "pkcs12",
        "pkcs12-durable",
        "elytron"
      })
  void open_filledCreatedAndClosed_hasAllOfIt(String kind) throws Exception {
    try (Bench bench = new Bench(Bench.keys(FILLED + CREATED))) {
      try (Peer peer = Peer.open(kind, bench.directory())) {
        peer.fill(bench.keys(), 0, FILLED, bench.value());
        for (int i = FILLED; i < FILLED + CREATED; i++) {
          peer.create(bench.keys()[i], bench.value());
        }
        assertHasAll(peer, bench);
      }
      try (Peer peer = Peer.open(kind, bench.directory())) {
        assertHasAll(peer, bench);
      }
      assertThat(bench.bytesOnDisk())
          .isGreaterThan((FILLED + CREATED) * (long) bench.value().length);
    }
  }

  private static void assertHasAll(Peer peer, Bench bench) throws Exception {
    assertThat(peer.count()).isEqualTo(FILLED + CREATED);
    for (int i = 0; i < FILLED + CREATED; i++) {
      assertThat(peer.read(bench.keys()[i])).isEqualTo(bench.value());
    }
  }

  @Test
  void open_noSuchKind_isRefused() {
    assertThatThrownBy(() -> Peer.open("none", Path.of("")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bare_create_writesAsManyBytesAsTheFileStore() throws Exception {
    try (Bench bench = new Bench(Bench.keys(1_001))) {
      Path log = bench.directory().resolve("store").resolve("log.1");
      Path bare = bench.directory().resolve("bare");
      try (Peer store = Peer.open("secretvault-alone", bench.directory());
          Peer floor = Peer.open("bare", bench.directory())) {
        store.fill(bench.keys(), 0, 1_000, bench.value());
        long before = used(log);
        store.create(bench.keys()[1_000], bench.value());
        floor.fill(bench.keys(), 0, 1_000, bench.value());
        floor.create(bench.keys()[1_000], bench.value());
        assertThat(Files.size(bare)).isEqualTo(used(log) - before);
        assertThat(floor.count()).isEqualTo(1_001);
        assertThat(floor.read(bench.keys()[0])).isEqualTo(bench.value());
      }
    }
  }

  @Test
  void bareOneTime_writesAsManyBytesAsAVault() throws Exception {
    try (Bench bench = new Bench(Bench.keys(1_001))) {
      Path log = bench.directory().resolve("store").resolve("log.1");
      try (OneTimeCreators.Share vault = new OneTimeCreators.Share(bench.directory())) {
        vault.fill(bench.keys(), 0, 1_000, bench.value());
        long before = used(log);
        String link = vault.share(bench.value());
        long shared = used(log);
        long dashes = dashes(log, shared);
        assertThat(vault.reveal(link)).isEqualTo(bench.value().length);
        assertThat(List.of(shared - before, used(log) - shared, dashes(log, shared) - dashes))
            .containsExactly(
                (long) OneTimeCreators.SHARED,
                (long) OneTimeCreators.REVEALED,
                (long) OneTimeCreators.ERASED);
      }
    }
  }

  /** What is erased is overwritten with these. */
  private static long dashes(Path log, long end) throws IOException {
    byte[] bytes = Files.readAllBytes(log);
    return IntStream.range(0, (int) end).filter(i -> bytes[i] == '-').count();
  }

  @Test
  void bareOneTime_create_appendsAndOverwrites() throws Exception {
    for (String kind : List.of("bare-share", "bare-reveal")) {
      try (Bench bench = new Bench(Bench.keys(2));
          Creator bare = Creator.open(kind, bench.directory())) {
        Path file = bench.directory().resolve("bare");
        long before = Files.size(file);
        bare.create(bench.keys()[0], bench.value());
        bare.create(bench.keys()[1], bench.value());
        boolean reveals = kind.endsWith("reveal");
        assertThat(before).isEqualTo(reveals ? OneTimeCreators.ERASED : 0);
        assertThat(Files.size(file) - before)
            .isEqualTo(2L * (reveals ? OneTimeCreators.REVEALED : OneTimeCreators.SHARED));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"share", "reveal"})
  void oneTime_create_doesOne(String kind) throws Exception {
    try (Bench bench = new Bench(Bench.keys(3));
        Creator creator = Creator.open(kind, bench.directory())) {
      creator.fill(bench.keys(), 0, 1, bench.value());
      creator.prepare(2, bench.value());
      creator.create(bench.keys()[1], bench.value());
      creator.create(bench.keys()[2], bench.value());
      if (kind.equals("reveal")) {
        assertThatThrownBy(() -> creator.create(bench.keys()[2], bench.value()))
            .isInstanceOf(NoSuchElementException.class);
      }
    }
  }

  @Test
  void createBareAppendAndForce_aFrame_isAsLongAsThatOfAVault() throws Exception {
    SecretBenchmark.Vault state = new SecretBenchmark.Vault();
    state.store = "file";
    state.open();
    try {
      Path log = state.directory.resolve("vault").resolve("log.1");
      SecretBenchmark benchmark = new SecretBenchmark();
      long before = 0;
      for (int i = 0; i <= 1_000; i++) {
        before = used(log);
        assertThat(benchmark.createVault(state)).isNotNull();
      }
      assertThat(used(log) - before).isEqualTo(SecretBenchmark.FRAME_BYTES);
    } finally {
      state.close();
    }
  }

  /** How long a log is without the free space at its end. */
  private static long used(Path log) throws IOException {
    byte[] bytes = Files.readAllBytes(log);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }
}
