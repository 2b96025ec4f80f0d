package dev.secretvault.benchmarks;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * The file store. A create is forced when it returns, and refused if the key is there; a torn write
 * is mended, other damage found; several processes may have the directory open.
 */
final class VaultPeer implements Peer {

  private static final int THREADS = 32;

  private final SecretStore store;

  VaultPeer(Path directory) {
    store = FileSecretStore.open(directory.resolve("store"));
  }

  @Override
  public void create(RecordKey key, byte[] value) {
    store.commit(List.of(Change.put(key, 0, value)));
  }

  /** One by one, by many threads: a log as it comes to be, with about as many records in a line. */
  @Override
  public void fill(RecordKey[] keys, int from, int to, byte[] value) {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      CompletableFuture<?>[] parts =
          IntStream.range(0, THREADS)
              .mapToObj(
                  part ->
                      CompletableFuture.runAsync(
                          () -> {
                            for (int i = from + part; i < to; i += THREADS) {
                              create(keys[i], value);
                            }
                          },
                          threads))
              .toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(parts).join();
    } finally {
      threads.shutdown();
    }
  }

  @Override
  public byte[] read(RecordKey key) {
    return store.read(key).orElseThrow().bytes();
  }

  @Override
  public void close() {
    store.close();
  }
}
