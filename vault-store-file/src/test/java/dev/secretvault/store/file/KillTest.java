package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes on one directory are killed as by {@code kill -9}, each at a random moment while the
 * others go on, until none is left: what was acknowledged is there, nothing was given out twice,
 * and nothing that was taken is left in any file. {@code -Dsecretvault.kills=5000} is the long
 * campaign, {@code -Dsecretvault.seed=} draws the same kills again.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class KillTest {

  private static final int KILLS = Integer.getInteger("secretvault.kills", 200);
  private static final int SIDE_BY_SIDE = 4;
  private static final int MOST_LINES = 80;
  private static final long LONGEST_SPIN = TimeUnit.MILLISECONDS.toNanos(2);

  private static final Pattern LINE = Pattern.compile("(\\d+-\\d\\.\\d) ([?+~=-]) (k\\d-[0-9.-]+)");
  private static final Pattern TEXT = Pattern.compile("[A-Za-z0-9+/]{40,}");

  @TempDir Path parent;

  private Path directory;

  /** What was acknowledged to be created, by the end of the last round or since. */
  private final Set<String> created = new HashSet<>();

  /** What somebody said to be about to create. */
  private final Set<String> announced = new HashSet<>();

  /** What was acknowledged to be taken, at any time. */
  private final Set<String> taken = new HashSet<>();

  /** What each thread was about to do when it last said something. */
  private final Map<String, String> underWay = new HashMap<>();

  private int acknowledged;

  @Test
  void commit_processesKilledAgainAndAgain_losesNothingAndGivesNothingTwice() throws Exception {
    directory = parent.resolve("store");
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("%d kills, -Dsecretvault.seed=%d%n", KILLS, seed);
    SplittableRandom random = new SplittableRandom(seed);
    FileSecretStore.open(directory).close();
    int kills = 0;
    int repaired = 0;
    for (int round = 0; kills < KILLS; round++) {
      kills += killAll(round, random);
      repaired += checkAfterKills() ? 1 : 0;
    }
    System.out.printf(
        "%d kills, %d acknowledgements, %d torn tails%n", kills, acknowledged, repaired);
    assertThat(taken).as("there was something to be given out twice").hasSizeGreaterThan(KILLS);
  }

  private int killAll(int round, SplittableRandom random) throws Exception {
    List<ChildJvm> alive = new ArrayList<>();
    Heard heard = new Heard();
    try {
      for (int i = 0; i < SIDE_BY_SIDE; i++) {
        ChildJvm child = ChildJvm.working(directory, round + "-" + i, random.nextLong());
        alive.add(child);
        heard.listenTo(child);
      }
      // From here on each may be in the midst of opening the store, or of anything.
      for (int started = 0; started < SIDE_BY_SIDE; ) {
        started += note(heard.line()) ? 0 : 1;
      }
      while (!alive.isEmpty()) {
        for (int lines = random.nextInt(MOST_LINES); lines > 0; lines--) {
          assertThat(note(heard.line())).isTrue();
        }
        long until = System.nanoTime() + random.nextLong(LONGEST_SPIN);
        while (System.nanoTime() < until) {
          Thread.onSpinWait();
        }
        alive.remove(random.nextInt(alive.size())).kill();
      }
      // What they said before they died counts too.
      heard.rest().forEach(this::note);
    } finally {
      alive.forEach(ChildJvm::close);
    }
    return SIDE_BY_SIDE;
  }

  /** Enters a line into the ledger; false if it is the first one of a process. */
  private boolean note(String line) {
    if (line.equals("starts")) {
      return false;
    }
    Matcher parts = LINE.matcher(line);
    assertThat(parts.matches()).as(line).isTrue();
    String thread = parts.group(1);
    String key = parts.group(3);
    switch (parts.group(2)) {
      case "?" -> {
        announced.add(key);
        underWay.put(thread, key);
      }
      case "~" -> underWay.put(thread, key);
      case "+" -> {
        assertThat(underWay.remove(thread)).isEqualTo(key);
        created.add(key);
        acknowledged++;
      }
      case "-" -> {
        assertThat(underWay.remove(thread)).isEqualTo(key);
        assertThat(taken.add(key)).as("%s is given out once", key).isTrue();
        acknowledged++;
      }
      default -> assertThat(underWay.remove(thread)).isEqualTo(key);
    }
    return true;
  }

  /** Opens the store as the next process would; whether a torn tail was cut. */
  private boolean checkAfterKills() throws IOException {
    Set<String> stored = new TreeSet<>();
    boolean repaired;
    try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
      repaired = store.recovery().tornTailCut();
      RecordKey after = null;
      for (List<StoredRecord> page = store.scan(null, 500);
          !page.isEmpty();
          page = store.scan(after, 500)) {
        for (StoredRecord record : page) {
          after = record.key();
          String key = record.key().text();
          stored.add(key);
          assertThat(Records.text(record)).isEqualTo("1 " + DoomedWorker.valueOf(key));
        }
      }
      // What a torn tail holds goes with the next erasure.
      commit(store, put("last", 0, "to be erased"));
      commit(store, delete("last", 1));
    }
    Set<String> inDoubt = new HashSet<>(underWay.values());
    for (String key : created) {
      if (!taken.contains(key) && !inDoubt.contains(key)) {
        assertThat(stored.contains(key)).as("%s was acknowledged", key).isTrue();
      }
    }
    for (String key : stored) {
      assertThat(created.contains(key) || inDoubt.contains(key)).as("%s was created", key).isTrue();
    }
    assertThat(stored).as("taken").doesNotContainAnyElementsOf(taken);
    assertThat(announced).as("ever created").containsAll(taken);
    assertThat(stored).as("found in some file").containsAll(keysInFiles());
    created.clear();
    created.addAll(stored);
    underWay.clear();
    return repaired;
  }

  /** The keys of all values in all files of the directory. */
  private Set<String> keysInFiles() throws IOException {
    Set<String> keys = new TreeSet<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(file -> !file.endsWith("lock")).toList()) {
        Matcher text = TEXT.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        while (text.find()) {
          byte[] start = Base64.getDecoder().decode(text.group().substring(0, 40));
          keys.add(new String(start, StandardCharsets.UTF_8).split(":", 2)[0]);
        }
      }
    }
    return keys;
  }
}
