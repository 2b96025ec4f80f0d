package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two stores on one directory do at random what they can, and before each call that changes the
 * disk all is enumerated that a kill or a loss of power can leave: nothing, everything, every
 * length, only the length, old blocks behind it, sectors missing, single sectors, any sectors. From
 * each of these states the store opens with what was acknowledged, or with the commit under way as
 * well, and with nothing that was replaced or deleted before.
 */
@Timeout(240)
class CrashStatesTest {

  private static final int STATES = 100_000;
  private static final int SECTOR = 24;

  /** Makes a log so long that it gets free space; one letter again and again, also in Base64. */
  private static final String PAD = "\0".repeat(25_000);

  /** What part of such bytes is looked at, which make no difference. */
  private static final int DULL = 101;

  /**
   * Of a file that was removed, in blocks that a new length was given and nothing written to. No
   * frame of it begins just where one is expected, which would be damage.
   */
  private static final byte[] STALE =
      LogText.bytes("x", LogText.frame(LogText.head(0, LogText.put("k1", 1, "b25l")), "b25l"));

  private static final int RANDOM_SUBSETS = 24;
  private static final Set<Call> CHANGING =
      EnumSet.of(
          Call.CREATE,
          Call.RENAME,
          Call.UNLINK,
          Call.SYNC_DIRECTORY,
          Call.WRITE,
          Call.TRUNCATE,
          Call.SYNC);

  /** One run from an empty disk, and what is known of it. */
  private static final class Run implements Hook {
    private final SimulatedDisk disk;
    private final SplittableRandom random;

    /** What is stored for sure: text and revision. */
    private Map<String, String> acknowledged = new TreeMap<>();

    /** What is stored if the commit under way happened. */
    private Map<String, String> inDoubt = new TreeMap<>();

    /** How the log spells what was stored at some time. */
    private final Map<String, String> texts = new HashMap<>();

    private int step;
    private int states;

    Run(SimulatedDisk disk, long seed) {
      this.disk = disk;
      this.random = new SplittableRandom(seed);
    }

    int play() throws IOException {
      if (random.nextBoolean()) {
        addFreeSpace();
      }
      Disk hooked = new HookedDisk(disk, this);
      try (FileSecretStore steady = open(hooked)) {
        for (int opened = 0; opened < 2; opened++) {
          try (FileSecretStore store = open(hooked)) {
            for (int i = 0; i < 4; i++) {
              change(random.nextInt(3) == 0 ? steady : store);
            }
            if (random.nextInt(3) == 0) {
              store.compact();
            }
          }
        }
      }
      return states;
    }

    /** As a large log has it, or one that becomes large enough: the next commits reach beyond. */
    private void addFreeSpace() {
      try (FileSecretStore store = open(disk)) {
        if (random.nextBoolean()) {
          commit(store, put("pad", 0, PAD));
          acknowledged.put("pad", "1 " + PAD);
        }
      }
      byte[] log = LogText.withoutFreeSpace(disk.content("log.1"));
      disk.put("log.1", Arrays.copyOf(log, log.length + random.nextInt(600)));
    }

    private void change(FileSecretStore store) {
      List<Change> changes = new ArrayList<>();
      Map<String, String> after = new TreeMap<>(acknowledged);
      int first = random.nextInt(4);
      for (int i = 0; i <= random.nextInt(3); i++) {
        String key = "k" + (first + i) % 4;
        String stored = acknowledged.get(key);
        long revision = stored == null ? 0 : Long.parseLong(stored.split(" ", 2)[0]);
        if (revision > 0 && random.nextInt(3) == 0) {
          changes.add(delete(key, revision));
          after.remove(key);
        } else {
          String value = "value " + ++step + " " + "x".repeat(random.nextInt(40));
          changes.add(put(key, revision, value));
          after.put(key, revision + 1 + " " + value);
        }
      }
      inDoubt = after;
      commit(store, changes.toArray(Change[]::new));
      acknowledged = after;
      after.values().forEach(text -> texts.put(text, spelled(text)));
    }

    private static String spelled(String stored) {
      return '"' + LogText.base64(stored.split(" ", 2)[1]) + '"';
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (CHANGING.contains(call)) {
        check(disk.afterKill());
        check(disk.afterPowerLoss());
        if (call == Call.SYNC) {
          checkPartsOf(name);
        }
      }
      return operation.run();
    }

    private void checkPartsOf(String name) {
      byte[] written = disk.content(name);
      byte[] old = disk.durableContent(name);
      int step;
      for (int length = old.length; length < written.length; length += step) {
        byte[] prefix = Arrays.copyOf(written, length);
        check(disk.afterPowerLoss(name, prefix));
        if (length % 4 == 0) {
          check(disk.afterPowerLoss(name, Arrays.copyOf(prefix, written.length)));
        } else if (length % 4 == 2) {
          check(disk.afterPowerLoss(name, withStaleBlocks(prefix, written.length)));
        }
        step = isDull(written, length) ? DULL : 1;
      }
      List<Integer> dirty = new ArrayList<>();
      byte[] before = Arrays.copyOf(old, written.length);
      for (int start = 0; start < written.length; start += SECTOR) {
        int end = Math.min(start + SECTOR, written.length);
        if (!Arrays.equals(before, start, end, written, start, end)
            && (!isDull(written, end - 1) || random.nextInt(DULL) == 0)) {
          dirty.add(start);
        }
      }
      for (int sector : dirty) {
        check(disk.afterPowerLoss(name, mixed(before, written, Set.of(sector))));
        check(disk.afterPowerLoss(name, mixed(written, before, Set.of(sector))));
      }
      for (int i = 0; i < (dirty.size() > 2 ? RANDOM_SUBSETS : 0); i++) {
        List<Integer> some = dirty.stream().filter(sector -> random.nextBoolean()).toList();
        check(disk.afterPowerLoss(name, mixed(before, written, Set.copyOf(some))));
      }
    }

    /** Whether as many bytes up to there as a sector has are the same. */
    private static boolean isDull(byte[] bytes, int at) {
      return at >= SECTOR
          && Arrays.equals(bytes, at - SECTOR + 1, at, bytes, at - SECTOR + 2, at + 1);
    }

    private static byte[] withStaleBlocks(byte[] start, int length) {
      byte[] all = Arrays.copyOf(start, length);
      for (int i = start.length; i < length; i++) {
        all[i] = STALE[(i - start.length) % STALE.length];
      }
      return all;
    }

    private static byte[] mixed(byte[] most, byte[] some, Set<Integer> sectors) {
      byte[] mixed = most.clone();
      for (int start : sectors) {
        int length = Math.min(SECTOR, mixed.length - start);
        System.arraycopy(some, start, mixed, start, length);
      }
      return mixed;
    }

    private void check(SimulatedDisk image) {
      states++;
      Map<String, String> found;
      try (FileSecretStore store = open(image)) {
        found = state(store);
        if (!found.equals(inDoubt)) {
          assertThat(found).isEqualTo(acknowledged);
        }
        assertErased(image, found);
        if (states % 16 == 0) {
          commit(store, put("later", 0, "still writable"));
          found = state(store);
        }
      }
      SimulatedDisk later = image.afterPowerLoss();
      assertErased(later, found);
      if (states % 8 == 0) {
        assertThat(Records.stateOf(later)).isEqualTo(found);
      }
    }

    private void assertErased(SimulatedDisk image, Map<String, String> found) {
      for (String name : image.list()) {
        String content = new String(image.content(name), ISO_8859_1);
        texts.forEach(
            (stored, text) -> {
              if (content.contains(text) && !found.containsValue(stored)) {
                throw new AssertionError(stored + " is in " + name);
              }
            });
      }
    }
  }

  @Test
  void anyCrash_anywhere_losesNothingAcknowledgedAndBringsNothingBack() throws IOException {
    long seed = new SplittableRandom().nextLong();
    System.out.println("crash states, seed " + seed);
    int states = 0;
    for (int run = 0; states < STATES; run++) {
      states += new Run(new SimulatedDisk(), seed + run).play();
    }
    assertThat(states).isGreaterThanOrEqualTo(STATES);
  }

  /** Without these the test above could be blind. */
  @Test
  void forcesOfFiles_areLies_isNoticed() {
    assertThatThrownBy(() -> playSome(new SimulatedDisk().neverForcingCommits()))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void forcesOfTheDirectory_areLies_isNoticed() {
    assertThatThrownBy(() -> playSome(new SimulatedDisk().neverForcingTheDirectory()))
        .isInstanceOf(AssertionError.class);
  }

  private static void playSome(SimulatedDisk disk) throws IOException {
    new Run(disk, 4).play();
  }
}
