package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an index has no room for is refused before anything of it is written, and nothing else. */
@Timeout(60)
class FullIndexTest {

  private static final int MOST = 1_500;

  private final Index index = new Index(MOST);
  private long next = 1;

  /** Enters what a batch of commits has come to, as if it had been written. */
  private List<Step> run(Commit... waiting) {
    Batch batch = new Batch(index, List.of(waiting));
    if (!batch.steps().isEmpty()) {
      enter(batch.steps());
    }
    batch.settle();
    return batch.steps();
  }

  private void enter(List<Step> steps) {
    byte[] head = new FrameHead(next++, steps).encode();
    HeadScanner scanned = new HeadScanner();
    assertThat(scanned.scan(head, 0, head.length)).isEqualTo(head.length);
    assertThat(index.apply(scanned, 100)).isNotNull();
  }

  private static Commit commit(Change... changes) {
    return new Commit(List.of(changes));
  }

  private static Commit create(int from, int to) {
    return new Commit(
        Stream.iterate(from, i -> i < to, i -> i + 1)
            .map(i -> Records.put("k" + i, 0, ""))
            .toList());
  }

  @Test
  void batch_recordsComeToTheLimit_refusesWhatWouldCreateMore() {
    run(create(0, 1_000));
    run(create(1_000, 1_499));
    Commit tooMany = create(1_499, 1_501);
    Commit last = create(1_499, 1_500);
    Commit another = commit(Records.put("another", 0, ""));
    Commit changes = commit(Records.put("k0", 1, "again"), Records.put("k1", 1, "again"));
    Commit conflicting = commit(Records.put("k3", 7, ""));
    Commit swaps = commit(Records.delete("k2", 1), Records.put("swapped", 0, ""));
    List<Step> written = run(tooMany, last, another, changes, conflicting, swaps);
    assertThat(written).hasSize(3);
    assertIsFull(tooMany::conclude);
    assertThatCode(last::conclude).doesNotThrowAnyException();
    assertIsFull(another::conclude);
    assertThatCode(changes::conclude).doesNotThrowAnyException();
    assertThatThrownBy(conflicting::conclude).isInstanceOf(RevisionConflictException.class);
    // Refused for the moment in which it would be one too many.
    assertIsFull(swaps::conclude);
    Commit deletion = commit(Records.delete("k2", 1));
    assertThat(run(deletion)).hasSize(1);
    Commit again = commit(Records.put("another", 0, ""));
    assertThat(run(again)).hasSize(1);
    assertThatCode(again::conclude).doesNotThrowAnyException();
    assertThat(index.find(Records.key("another"))).isNotNull();
  }

  /** Their first revision may be any. */
  @Test
  void batch_copiesComeToTheLimit_areRefusedLikeOthers() {
    run(create(0, 1_000));
    run(create(1_000, 1_499));
    Commit last = commit(copy("first", 0));
    Commit tooMany = commit(copy("second", 0));
    Commit changes = commit(copy("k0", 1));
    assertThat(run(last, tooMany, changes)).hasSize(2);
    assertThatCode(last::conclude).doesNotThrowAnyException();
    assertIsFull(tooMany::conclude);
    assertThatCode(changes::conclude).doesNotThrowAnyException();
  }

  private static Change copy(String key, long expected) {
    StoredRecord record = new StoredRecord(Records.key(key), 9, null, new byte[0]);
    return Change.copy(record, expected);
  }

  /** As where others wrote it, which have more room. */
  @Test
  void apply_noRoom_isRefusedAndEntersNothing() {
    run(create(0, 1_000));
    List<Step> steps = create(1_000, 1_501).steps();
    assertIsFull(() -> enter(steps));
    assertThat(index.after(null, 2_000)).hasSize(1_000);
    enter(steps.subList(0, 500));
    enter(create(0, 1_000).steps().stream().map(FullIndexTest::again).toList());
    assertThat(index.after(null, 2_000)).hasSize(MOST);
    assertIsFull(() -> enter(create(1_500, 1_501).steps()));
  }

  private static Step again(Step step) {
    return new Step(step.key(), true, 2, Step.NEVER, 0, 0);
  }

  private static void assertIsFull(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreException.class,
            refused -> {
              assertThat(refused.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
              assertThat(refused.retryable()).isTrue();
            })
        .hasMessageContaining("at most 1500");
  }

  @Test
  void hasRoom_manyPuts_isSoWhileThereArePagesForTheLongestEntries() {
    // 131,071 pages, one of which is there, with 356 of the longest entries in each.
    assertThat(index.hasRoom(131_070 * 356 - 1, 0)).isTrue();
    assertThat(index.hasRoom(131_070 * 356, 0)).isFalse();
  }

  /** Or nothing could be deleted to make room. */
  @Test
  void hasRoom_deletionsAlone_isSoWithAllPagesInUse() {
    assertThat(Entries.hasRoom(131_070, 355)).isTrue();
    assertThat(Entries.hasRoom(131_071, 1)).isFalse();
    assertThat(Entries.hasRoom(131_071, 0)).isTrue();
  }
}
