package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreListener;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Several processes, and several stores of one process, use one directory. */
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
  void commit_inAnotherProcess_isSeenAndReported() throws Exception {
    BlockingQueue<RecordKey> reported = new LinkedBlockingQueue<>();
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      store.watch(
          new StoreListener() {
            @Override
            public void changed(Set<RecordKey> keys) {
              reported.addAll(keys);
            }

            @Override
            public void missed() {}
          });
      assertThat(ChildJvm.commitOnce(directory)).isEqualTo("done");
      assertThat(store.read(key("child")).map(Records::text)).hasValue("1 was here");
      assertThat(reported.take()).isEqualTo(key("child"));
      assertThatThrownBy(() -> commit(store, put("child", 0, "late")))
          .isInstanceOf(RevisionConflictException.class);
      commit(store, put("child", 1, "seen"));
      assertThat(ChildJvm.commitOnce(directory)).contains("revision 0 expected");
    }
  }

  /** What happens here in the meantime must not free the lock. */
  @Test
  void lock_heldInThisProcess_keepsOtherProcessesOut() throws Exception {
    Path link = Files.createSymbolicLink(parent.resolve("link"), directory);
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      RealDisk disk = new RealDisk(directory.toRealPath());
      CountDownLatch held = new CountDownLatch(1);
      CountDownLatch free = new CountDownLatch(1);
      Thread holder =
          new Thread(
              () -> {
                try {
                  disk.exclusively(
                      () -> {
                        held.countDown();
                        awaitQuietly(free);
                        return 0;
                      });
                } catch (IOException unexpected) {
                  throw new AssertionError(unexpected);
                }
              });
      holder.start();
      held.await();
      Thread here = new Thread(() -> FileSecretStore.open(link).close());
      here.start();
      try (ChildJvm child = ChildJvm.committing(directory)) {
        while (here.getState() != Thread.State.BLOCKED) {
          Thread.onSpinWait();
        }
        here.interrupt();
        System.gc();
        assertThat(child.line()).isEqualTo("starts");
        assertThat(store.scan(null, 10)).as("nobody committed, and reads go on").isEmpty();
        free.countDown();
        assertThat(child.line()).isEqualTo("0");
      }
      holder.join();
      here.join();
      assertThat(store.read(key("k0"))).isPresent();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  @Test
  void commit_storesOfThisProcess_exclude() throws Exception {
    Path link = Files.createSymbolicLink(parent.resolve("link"), directory);
    List<Path> ways = List.of(directory, link, parent.resolve("store/../store"));
    List<Thread> threads = new ArrayList<>();
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    for (Path way : ways) {
      threads.add(
          new Thread(
              () -> {
                try (FileSecretStore store = FileSecretStore.open(way)) {
                  for (int i = 0; i < 100; i++) {
                    Records.increment(store, "counter");
                  }
                } catch (Throwable failed) {
                  failures.add(failed);
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(state(store)).isEqualTo(Map.of("counter", "300 300"));
    }
  }

  /** As in a server that runs two applications, each with its own copy of these classes. */
  @Test
  void commit_underAnotherClassLoader_excludes() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(element).toUri().toURL());
    }
    try (FileSecretStore store = FileSecretStore.open(directory);
        URLClassLoader other =
            new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> twin = other.loadClass(Records.class.getName());
      assertThat(twin).isNotEqualTo(Records.class);
      Method count = twin.getDeclaredMethod("count", Path.class, int.class);
      count.setAccessible(true);
      FutureTask<Object> there = new FutureTask<>(() -> count.invoke(null, directory, 150));
      new Thread(there).start();
      for (int i = 0; i < 150; i++) {
        Records.increment(store, "counter");
      }
      there.get();
      assertThat(state(store)).isEqualTo(Map.of("counter", "300 300"));
    }
  }
}
