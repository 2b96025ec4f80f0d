package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.FreshnessAnchor.Mark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The mark in its file. */
class FileFreshnessAnchorTest {

  private static final int PROCESSES = 3;
  private static final int STEPS = 150;

  @TempDir Path directory;
  private Path file;
  private FreshnessAnchor anchor;

  @BeforeEach
  void prepare() {
    file = directory.resolve("anchor");
    anchor = FreshnessAnchor.inFile(file);
  }

  private static Mark mark(long counter) {
    return new Mark(counter, UUID.randomUUID());
  }

  @Test
  void mark_followsOnlyTheOneThatWasSeen() {
    Mark first = mark(7);
    assertThat(anchor.read()).isEmpty();
    assertThat(anchor.advance(mark(6), first)).isFalse();
    assertThat(anchor.read()).isEmpty();
    assertThat(anchor.advance(null, first)).isTrue();
    for (Mark seen : new Mark[] {null, mark(7), mark(6), mark(8), new Mark(8, first.id())}) {
      assertThat(anchor.advance(seen, mark(8))).isFalse();
      assertThat(FreshnessAnchor.inFile(file).read()).contains(first);
    }
    Mark second = mark(8);
    assertThat(anchor.advance(first, second)).isTrue();
    assertThat(anchor.advance(first, second)).as("noted already").isTrue();
    assertThat(anchor.advance(null, second)).as("noted already").isTrue();
    assertThat(anchor.advance(first, mark(8))).isFalse();
    assertThat(FreshnessAnchor.inFile(file).read()).contains(second);
  }

  /** As where it is not mounted: that must not look like a mark that somebody took away. */
  @Test
  void directoryThatIsNotThere_isNotAMissingMark() throws IOException {
    Path away = directory.resolve("away");
    FreshnessAnchor there = FreshnessAnchor.inFile(away.resolve("anchor"));
    assertThatThrownBy(there::read).isInstanceOf(UncheckedIOException.class);
    assertThatThrownBy(() -> there.advance(null, mark(1))).isInstanceOf(UncheckedIOException.class);
    Files.createDirectory(away);
    assertThat(there.read()).isEmpty();
    assertThat(there.advance(null, mark(1))).isTrue();
  }

  /** Of those that would follow one mark, one does: that is the lock between processes. */
  @Test
  void processes_neverFollowTheSameMark() throws Exception {
    List<ChildJvm> children = new ArrayList<>();
    try {
      for (int i = 0; i < PROCESSES; i++) {
        children.add(
            ChildJvm.start(
                AnchorChild.class,
                List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1"),
                Map.of(),
                file,
                STEPS));
      }
      for (ChildJvm child : children) {
        assertThat(child.line()).isEqualTo("ready");
      }
      for (ChildJvm child : children) {
        child.say("go");
      }
      for (ChildJvm child : children) {
        assertThat(child.rest()).containsExactly("finished");
      }
    } finally {
      children.forEach(ChildJvm::close);
    }
    assertThat(anchor.read().orElseThrow().counter()).isEqualTo(PROCESSES * STEPS);
  }

  /** Most of the interrupts come while the mark is locked, written or forced to the disk. */
  @Test
  void interruptInTheMiddle_leavesTheMarkNoted() {
    Thread noting = Thread.currentThread();
    Mark before = null;
    for (int counter = 1; counter <= 300; counter++) {
      Mark next = mark(counter);
      new Thread(noting::interrupt).start();
      assertThat(anchor.advance(before, next)).isTrue();
      while (!Thread.interrupted()) {
        Thread.onSpinWait();
      }
      assertThat(anchor.read()).contains(next);
      before = next;
    }
  }

  /** The way to a file on another machine: the mark must not come to stand beside the link. */
  @Test
  void symbolicLinks_areFollowed_andStay() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path mark = elsewhere.resolve("mark");
    Path second = Files.createSymbolicLink(directory.resolve("second"), Path.of("elsewhere/mark"));
    Files.createSymbolicLink(file, second);
    assertThat(anchor.read()).isEmpty();
    Mark before = null;
    for (int counter = 1; counter <= 3; counter++) {
      Mark next = mark(counter);
      assertThat(anchor.advance(before, next)).isTrue();
      assertThat(FreshnessAnchor.inFile(mark).read()).contains(next);
      assertThat(anchor.read()).contains(next);
      before = next;
    }
    assertThat(file).isSymbolicLink();
    assertThat(second).isSymbolicLink();
    assertThat(elsewhere.resolve("mark.lock")).exists();
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).containsExactlyInAnyOrder(elsewhere, second, file);
    }
  }

  /** What is not mounted is no reason to begin anew beside it. */
  @Test
  void symbolicLinks_toNowhereOrInACircle_noteNothing() throws IOException {
    Files.createSymbolicLink(file, directory.resolve("unmounted/mark"));
    assertThatThrownBy(() -> anchor.advance(null, mark(1)))
        .isInstanceOf(UncheckedIOException.class);
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("anchor"));
    assertThatThrownBy(anchor::read).isInstanceOf(UncheckedIOException.class);
    assertThatThrownBy(() -> anchor.advance(null, mark(1)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(file).isSymbolicLink();
  }

  @Test
  void files_areTheirOwners() throws IOException {
    anchor.advance(null, mark(1));
    for (String name : List.of("anchor", "anchor.lock")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))))
          .isEqualTo("rw-------");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "0 %s\n", "1 %s", "1 %sx\n", "-1 %s\n", "1  %s\n", "1 1-1-1-1-1\n"})
  void malformedFile_isRefused(String content) throws IOException {
    Mark mark = mark(1);
    Files.writeString(file, content.formatted(mark.id()));
    assertThatThrownBy(anchor::read).isInstanceOf(UncheckedIOException.class);
    assertThatThrownBy(() -> anchor.advance(null, mark)).isInstanceOf(UncheckedIOException.class);
    assertThat(file).hasContent(content.formatted(mark.id()));
    Files.writeString(file, "1 %s\n".formatted(mark.id()));
    assertThat(anchor.read()).contains(mark);
  }
}
