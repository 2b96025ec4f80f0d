package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a store is. */
interface Place extends AutoCloseable {

  /** The directory that it is; null if it is none. */
  @Nullable Path directory();

  /**
   * Refuses where there is surely no store. The store would say the same, but knows of no command.
   *
   * @param hint what to do then
   */
  void check(String hint);

  /** Opens the store, for the caller to close, and creates nothing. */
  SecretStore openExisting(Streams streams);

  /** Opens the store, for the caller to close, or creates it. */
  SecretStore open(Streams streams);

  /** What to call it; tells no password. */
  String name();

  /** Lets go of what its stores, which are closed, have left open. */
  @Override
  void close();
}
