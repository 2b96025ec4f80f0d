package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.IOException;
import java.nio.file.Path;

/** What is measured creating, one value after the other. */
interface Creator extends AutoCloseable {

  /** Opens what is in a directory, or begins there. */
  static Creator open(String kind, Path directory) throws Exception {
    return switch (kind) {
      case "share" -> new OneTimeCreators.Share(directory);
      case "reveal" -> new OneTimeCreators.Reveal(directory);
      case "bare-share" -> new OneTimeCreators.Bare(directory, OneTimeCreators.SHARED, 0);
      case "bare-reveal" ->
          new OneTimeCreators.Bare(directory, OneTimeCreators.REVEALED, OneTimeCreators.ERASED);
      case "pg-create" -> new PostgresVaults.Create();
      case "pg-reveal" -> new PostgresVaults.Reveal();
      case "pg-reveal-first" -> new PostgresVaults.RevealFirst();
      case "pg-once" -> new PostgresVaults.Once();
      case "bare-pg-create" -> new PostgresByHand.Insert();
      case "bare-pg-rows" -> new PostgresByHand.Rows();
      case "bare-pg-reveal" -> new PostgresByHand.Select();
      case "bare-pg-once" -> new PostgresByHand.Take();
      default -> Peer.open(kind, directory);
    };
  }

  /** Keeps a value under a key that is new, as durably as this way ever does. */
  void create(RecordKey key, byte[] value) throws Exception;

  /** Keeps values under keys that are new, as fast as this way allows; need not be durable. */
  default void fill(RecordKey[] keys, int from, int to, byte[] value) throws Exception {
    for (int i = from; i < to; i++) {
      create(keys[i], value);
    }
  }

  /** Makes ready for so many creates of a value, before their time begins. */
  default void prepare(int creates, byte[] value) {}

  @Override
  void close() throws IOException;
}
