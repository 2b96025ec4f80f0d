package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Readers of the index see all of a commit or nothing of it, however long it takes to enter. */
@Timeout(60)
class IndexTest {

  private static final int RECORDS = 300;
  private static final int COMMITS = 2_000;

  private final Index index = Index.unshared(100_000);
  private final List<RecordKey> keys =
      IntStream.range(0, RECORDS).mapToObj(i -> new RecordKey("k" + (RECORDS + i))).toList();

  /** Writes all records anew, each to expire at the time that is its revision. */
  private void commit(long revision) {
    List<Step> steps = new ArrayList<>();
    keys.forEach(key -> steps.add(new Step(key, true, revision, revision, 4, 0)));
    byte[] head = new FrameHead(revision, steps).encode();
    HeadScanner scanned = new HeadScanner();
    assertThat(scanned.scan(head, 0, head.length)).isEqualTo(head.length);
    index.apply(scanned, 100);
  }

  private long revision(RecordKey key) {
    return Objects.requireNonNull(index.find(key)).revision();
  }

  @Test
  void read_whileCommitsAreEntered_seesAllOfEachOrNothing() {
    commit(1);
    index.share();
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              for (long revision = 2; revision <= COMMITS; revision++) {
                commit(revision);
              }
            });
    RecordKey first = keys.get(0);
    RecordKey last = keys.get(RECORDS - 1);
    long reached = 1;
    while (reached < COMMITS && !writer.isCompletedExceptionally()) {
      long seen = revision(first);
      assertThat(revision(last)).isGreaterThanOrEqualTo(seen);
      List<Index.Entry> page = index.after(null, RECORDS + 1);
      assertThat(page).hasSize(RECORDS);
      assertThat(page.stream().mapToLong(Index.Entry::revision).distinct()).hasSize(1);
      assertThat(index.expired(Long.MAX_VALUE, null, RECORDS + 1)).hasSize(RECORDS);
      reached = seen;
    }
    writer.join();
  }
}
