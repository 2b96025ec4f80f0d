package dev.secretvault.store.file;

import static java.util.Comparator.comparing;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.file.FrameHead.Step;
import dev.secretvault.store.file.Index.Due;
import dev.secretvault.store.file.Index.Entry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The index answers as a sorted map does, whatever is put and deleted, and whenever it is asked.
 */
@Timeout(120)
class IndexModelTest {

  private static final String KEY_CHARACTERS = "-.09AZ_az";

  private Index index = new Index();
  private final TreeMap<RecordKey, Entry> model = new TreeMap<>();
  private SplittableRandom random;
  private long time;

  @BeforeEach
  void drawSeed() {
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("index, -Dsecretvault.seed=%d%n", seed);
    random = new SplittableRandom(seed);
  }

  @Test
  void apply_anyCommits_isAsAMapIs() {
    for (int commit = 0; commit < 2_000; commit++) {
      // Grows, shrinks and grows: places are given to others, and the table moves slots.
      int deletions = commit / 500 % 2 == 0 ? 3 : 7;
      apply(steps(deletions, 1 + random.nextInt(30)));
      if (commit > 200) {
        check();
      }
    }
    assertThat(live()).isEqualTo(index.live());
    apply(model.values().stream().map(e -> Step.delete(e.key(), e.revision())).toList());
    assertThat(index.live()).isZero();
    assertThat(index.after(null, 10)).isEmpty();
    assertThat(index.expired(Long.MAX_VALUE, null, 10)).isEmpty();
  }

  private long live() {
    return model.values().stream().mapToLong(e -> 60L + e.key().text().length() + e.length()).sum();
  }

  @Test
  void share_whateverLengthOfALogWasExpected_isAsAMapIs() {
    for (long expected : new long[] {0, 1, 1 << 20, 1L << 41, Long.MAX_VALUE}) {
      index = Index.unshared(expected);
      model.clear();
      for (int commit = 0; commit < 50; commit++) {
        apply(steps(3, 1 + random.nextInt(30)));
        check();
      }
      index.share();
      check();
      apply(model.keySet().stream().map(key -> Step.delete(key, 1)).toList());
      check();
    }
  }

  @Test
  void apply_keysWithOneHashSlot_areToldApart() {
    // So many that each slot is wanted by several.
    for (int i = 0; i < 300; i++) {
      apply(List.of(new Step(new RecordKey("k" + i), true, 1, Step.NEVER, 4, i)));
    }
    for (int i = 0; i < 300; i += 2) {
      apply(List.of(Step.delete(new RecordKey("k" + i), 1)));
    }
    for (int i = 0; i < 300; i++) {
      Entry entry = index.find(new RecordKey("k" + i));
      assertThat(entry == null).isEqualTo(i % 2 == 0);
      assertThat(entry == null || entry.checksum() == i).isTrue();
    }
  }

  /** Numbers of prefixes of one byte to three, records without one, and places that go over. */
  @Test
  void apply_morePrefixesThanAreKept_isAsAMapIs() {
    for (long expected : new long[] {0, 1 << 24}) {
      index = expected == 0 ? new Index() : Index.unshared(expected);
      model.clear();
      for (int first = 0; first < Prefixes.MOST + 5_000; first += 1_000) {
        List<Step> steps = new ArrayList<>();
        for (int i = first; i < first + 1_000; i++) {
          for (String end : List.of(".x", ".y")) {
            steps.add(withPrefix(i, end, 1, random.nextInt(50)));
          }
        }
        apply(steps);
      }
      List<Step> steps = new ArrayList<>();
      for (Entry entry : model.values()) {
        int number = Integer.parseInt(entry.key().text().split("\\.", -1)[1]);
        switch (random.nextInt(4)) {
          case 0 -> steps.add(Step.delete(entry.key(), 1));
          case 1 -> steps.add(withPrefix(number, ".new", 1, Step.NEVER));
          case 2 -> steps.add(new Step(entry.key(), true, 2, random.nextInt(50), 4, number));
          default -> {}
        }
      }
      apply(new ArrayList<>(byKey(steps).values()));
      index.share();
      List<Entry> all = List.copyOf(model.values());
      assertThat(index.after(null, all.size() + 1)).isEqualTo(all);
      assertThat(index.expired(49, null, all.size())).isEqualTo(expiring(49, null, all.size()));
      for (Entry entry : all) {
        assertThat(index.find(entry.key())).isEqualTo(entry);
      }
    }
  }

  private static Step withPrefix(int number, String end, long revision, long expiry) {
    return new Step(new RecordKey("k." + number + end), true, revision, expiry, 4, number);
  }

  /** No commit has a record twice. */
  private static Map<RecordKey, Step> byKey(List<Step> steps) {
    Map<RecordKey, Step> byKey = new LinkedHashMap<>();
    steps.forEach(step -> byKey.put(step.key(), step));
    return byKey;
  }

  @Test
  void after_askedFirstWhileCommitsAreEntered_missesNothing() {
    for (int round = 0; round < 20; round++) {
      IndexModelTest fresh = new IndexModelTest();
      fresh.random = random.split();
      for (int commit = 0; commit < 100; commit++) {
        fresh.apply(fresh.steps(2, 30));
      }
      fresh.sortWhileCommitsAreEntered();
    }
  }

  private void sortWhileCommitsAreEntered() {
    AtomicBoolean sorted = new AtomicBoolean();
    CompletableFuture<Void> sorter =
        CompletableFuture.runAsync(
            () -> {
              assertThat(index.after(null, 100)).isSortedAccordingTo(comparing(Entry::key));
              assertThat(index.expired(Long.MAX_VALUE, null, 100))
                  .isSortedAccordingTo(comparing(Entry::expiresAt).thenComparing(Entry::key));
              sorted.set(true);
            });
    while (!sorted.get() && !sorter.isCompletedExceptionally()) {
      apply(steps(5, 3));
    }
    sorter.join();
    apply(steps(5, 30));
    check();
  }

  /** Random changes, each of another record. */
  private List<Step> steps(int deletionsInTen, int count) {
    Map<RecordKey, Step> steps = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      RecordKey key = key();
      Entry stored = model.get(key);
      if (stored == null || random.nextInt(10) >= deletionsInTen) {
        long expiry = random.nextBoolean() ? expiry() : Step.NEVER;
        long revision = stored == null ? 1 : 1 + random.nextLong(Long.MAX_VALUE);
        int length = 4 * random.nextInt(1 << random.nextInt(1, 17));
        steps.put(key, new Step(key, true, revision, expiry, length, random.nextInt()));
      } else {
        steps.put(key, Step.delete(key, stored.revision()));
      }
    }
    return List.copyOf(steps.values());
  }

  private long expiry() {
    return random.nextInt(5) == 0 ? Long.MAX_VALUE - random.nextInt(2) : random.nextInt(50);
  }

  private RecordKey key() {
    if (random.nextBoolean()) {
      // Most of what such keys begin with is shared by several.
      return new RecordKey(characters(1) + "." + characters(1) + "." + characters(1));
    }
    return new RecordKey(
        characters(random.nextInt(10) == 0 ? 1 + random.nextInt(RecordKey.MAX_LENGTH) : 3));
  }

  private String characters(int count) {
    StringBuilder text = new StringBuilder();
    while (text.length() < count) {
      text.append(KEY_CHARACTERS.charAt(random.nextInt(KEY_CHARACTERS.length())));
    }
    return text.toString();
  }

  private void apply(List<Step> steps) {
    for (int from = 0; from < steps.size(); from += 1_000) {
      applyCommit(steps.subList(from, Math.min(steps.size(), from + 1_000)));
    }
  }

  private void applyCommit(List<Step> steps) {
    long offset = 1 + random.nextLong(1L << 40);
    List<Entry> gone = new ArrayList<>();
    byte[] head = new FrameHead(++time, steps).encode();
    HeadScanner scanned = new HeadScanner();
    assertThat(scanned.scan(head, 0, head.length)).isEqualTo(head.length);
    List<Entry> reported = index.apply(scanned, offset);
    for (Step step : steps) {
      Entry replaced = model.remove(step.key());
      if (replaced != null) {
        gone.add(replaced);
      }
      if (step.isPut()) {
        model.put(
            step.key(),
            new Entry(
                step.key(),
                step.revision(),
                step.expiresAt(),
                offset,
                step.length(),
                step.checksum()));
        offset += step.length() + 3L;
      }
    }
    assertThat(reported).isEqualTo(gone);
  }

  private void check() {
    RecordKey key = key();
    assertThat(index.find(key)).isEqualTo(model.get(key));
    Entry stored = model.get(key);
    assertThat(index.revision(key)).isEqualTo(stored == null ? 0 : stored.revision());
    int limit = 1 + random.nextInt(40);
    assertThat(index.after(key, limit))
        .isEqualTo(model.tailMap(key, false).values().stream().limit(limit).toList());
    long now = expiry();
    Due after = due();
    assertThat(index.expired(now, after, limit)).isEqualTo(expiring(now, after, limit));
  }

  private List<Entry> expiring(long now, Due after, int limit) {
    return model.values().stream()
        .filter(entry -> entry.expiresAt() != Step.NEVER && entry.expiresAt() <= now)
        .sorted(comparing(Entry::expiresAt).thenComparing(Entry::key))
        .filter(entry -> isBehind(entry, after))
        .limit(limit)
        .toList();
  }

  /** Where to go on from: nowhere, at a record, or somewhere. */
  private Due due() {
    Map.Entry<RecordKey, Entry> near = model.ceilingEntry(key());
    return switch (random.nextInt(3)) {
      case 0 -> null;
      case 1 -> near == null ? null : new Due(near.getValue().expiresAt(), near.getKey());
      default -> new Due(expiry(), key());
    };
  }

  private static boolean isBehind(Entry entry, Due after) {
    return after == null
        || entry.expiresAt() > after.expiresAt()
        || (entry.expiresAt() == after.expiresAt() && entry.key().compareTo(after.key()) > 0);
  }
}
