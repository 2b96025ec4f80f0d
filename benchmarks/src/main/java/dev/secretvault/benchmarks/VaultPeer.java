package dev.secretvault.benchmarks;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
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

  private final SecretStore store;
  private final int fillers;

  /**
   * A store that is filled one by one, by so many threads: a log as it comes to be, with as many
   * records in a line.
   */
  VaultPeer(Path directory, int fillers) {
    this.fillers = fillers;
    store = FileSecretStore.open(directory.resolve("store"));
  }

  @Override
  public void create(RecordKey key, byte[] value) {
    store.commit(List.of(Change.put(key, 0, value)));
  }

  @Override
  public void fill(RecordKey[] keys, int from, int to, byte[] value) {
    ExecutorService threads = Executors.newFixedThreadPool(fillers);
    try {
      CompletableFuture<?>[] parts =
          IntStream.range(0, fillers)
              .mapToObj(
                  part ->
                      CompletableFuture.runAsync(
                          () -> {
                            for (int i = from + part; i < to; i += fillers) {
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
  public long count() {
    long count = 0;
    List<StoredRecord> page = store.scan(null, SecretStore.MAX_PAGE);
    while (!page.isEmpty()) {
      count += page.size();
      page = store.scan(page.get(page.size() - 1).key(), SecretStore.MAX_PAGE);
    }
    return count;
  }

  @Override
  public void close() {
    store.close();
  }
}
