package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.StoreException;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** One process at a time, and a process that is killed takes nothing acknowledged with it. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class OtherProcessTest {

  @TempDir Path parent;

  private Path directory;

  @BeforeEach
  void createStore() {
    directory = parent.resolve("store");
    FileSecretStore.open(directory).close();
  }

  @Test
  void open_openInAnotherProcess_isRefused() throws Exception {
    try (ChildJvm child = ChildJvm.holding(directory)) {
      assertThat(child.line()).isEqualTo("open");
      assertThatThrownBy(() -> FileSecretStore.open(directory))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(directory.toString())
          .hasMessageContaining("another process");
      // That the refused one closed its descriptor must not have freed the lock.
      assertThatThrownBy(() -> FileSecretStore.openExisting(directory))
          .isInstanceOf(StoreException.class);
    }
    FileSecretStore.open(directory).close();
  }

  @Test
  void lock_whateverHappensHere_keepsOtherProcessesOut() throws Exception {
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThatThrownBy(() -> FileSecretStore.open(directory)).isInstanceOf(StoreException.class);
      Path link = Files.createSymbolicLink(parent.resolve("link"), directory);
      assertThatThrownBy(() -> FileSecretStore.open(link))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("this process");
      commit(store, put("a", 0, "a"));
      Thread.currentThread().interrupt();
      commit(store, put("a", 1, "a2"));
      assertThat(store.read(key("a"))).isPresent();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ChildJvm.tryToOpen(directory)).contains("is open already, by another process");
    }
    assertThat(ChildJvm.tryToOpen(directory)).isEqualTo("done");
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(state(store)).containsOnlyKeys("a", "child");
    }
  }

  @Test
  void commit_threadsInterruptedAllTheTime_losesNeitherCommitsNorLock() throws Exception {
    List<Interrupted> threads;
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      threads =
          List.of(
              new Interrupted(store, "t0-"),
              new Interrupted(store, "t1-"),
              new Interrupted(store, "t2-"));
      threads.forEach(Thread::start);
      while (threads.stream().anyMatch(Thread::isAlive)) {
        threads.forEach(Thread::interrupt);
        Thread.onSpinWait();
      }
      for (Interrupted thread : threads) {
        thread.join();
        assertThat(thread.failure).isNull();
      }
      assertThat(ChildJvm.tryToOpen(directory)).contains("is open already, by another process");
    }
    Thread.currentThread().interrupt();
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(Thread.interrupted()).as("flag is left set").isTrue();
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
      for (Interrupted thread : threads) {
        for (int i = 0; i < thread.commits; i++) {
          assertThat(store.read(key(thread.prefix + i))).isPresent();
        }
      }
    }
  }

  /** Commits and reads until it has been interrupted often enough. */
  private static final class Interrupted extends Thread {
    private static final int INTERRUPTS = 100;

    private final FileSecretStore store;
    private final String prefix;
    private volatile Throwable failure;
    private volatile int commits;

    Interrupted(FileSecretStore store, String prefix) {
      this.store = store;
      this.prefix = prefix;
    }

    @Override
    public void run() {
      try {
        for (int seen = 0, i = 0; seen < INTERRUPTS; i++) {
          commit(store, put(prefix + i, 0, "value " + i));
          commits = i + 1;
          assertThat(store.read(key(prefix + i))).isPresent();
          seen += Thread.interrupted() ? 1 : 0;
        }
      } catch (Throwable thrown) {
        failure = thrown;
      }
    }
  }

  @Test
  void commit_processKilled_keepsAllThatWasAcknowledged() throws Exception {
    long seed = new SplittableRandom().nextLong();
    System.out.println("kill after random commits, seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    int acknowledged = -1;
    for (int round = 0; round < 4; round++) {
      int goal = acknowledged + random.nextInt(1, 80);
      try (ChildJvm child = ChildJvm.committing(directory)) {
        while (acknowledged < goal) {
          acknowledged = Integer.parseInt(child.line());
        }
        child.kill();
        // What it said before it died counts too; a line cut off by the kill is a smaller number.
        for (String line = child.line(); line != null; line = child.line()) {
          acknowledged = Math.max(acknowledged, line.isEmpty() ? -1 : Integer.parseInt(line));
        }
      }
      acknowledged = checkAfterKill(acknowledged);
    }
  }

  private int checkAfterKill(int acknowledged) {
    try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
      int stored = state(store).size();
      assertThat(stored).isBetween(acknowledged + 1, acknowledged + 2);
      for (int number = 0; number < stored; number++) {
        assertThat(store.read(key("k" + number)).map(Records::text)).hasValue("1 value " + number);
      }
      return stored - 1;
    }
  }

  @Test
  void open_secondOpenerInThisProcess_isRefusedUntilTheFirstIsClosed() {
    FileSecretStore first = FileSecretStore.open(directory);
    for (Path other :
        List.of(directory, parent.resolve("./store"), parent.resolve("store/../store"))) {
      assertThatThrownBy(() -> FileSecretStore.open(other))
          .isInstanceOfSatisfying(
              StoreException.class,
              refusal -> {
                assertThat(refusal.outcome()).isEqualTo(StoreException.Outcome.NOT_WRITTEN);
                assertThat(refusal.retryable()).isFalse();
              })
          .hasMessageContaining("this process");
    }
    first.close();
    FileSecretStore.open(directory).close();
  }

  /** As in a server that runs two applications, each with its own copy of these classes. */
  @Test
  void open_openUnderAnotherClassLoader_isRefusedAndLeavesTheLockInPlace() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(element).toUri().toURL());
    }
    try (FileSecretStore store = FileSecretStore.open(directory);
        URLClassLoader other =
            new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> twin = other.loadClass(FileSecretStore.class.getName());
      assertThat(twin).isNotEqualTo(FileSecretStore.class);
      Method open = twin.getMethod("open", Path.class);
      for (int round = 0; round < 2; round++) {
        assertThatThrownBy(() -> open.invoke(null, directory))
            .isInstanceOf(InvocationTargetException.class)
            .cause()
            .hasMessageContaining("is open already, by this process");
      }
      assertThat(ChildJvm.tryToOpen(directory)).contains("is open already, by another process");
      commit(store, put("a", 0, "a"));
    }
  }
}
