package dev.secretvault;

import java.time.Instant;
import java.util.Objects;

/**
 * An epoch of the vault's data keys, and how much is sealed under it.
 *
 * @param number 1 for the first
 * @param createdAt when its keys were made
 * @param current whether new records are sealed under it
 * @param records how many records are sealed under it
 */
public record KeyEpoch(int number, Instant createdAt, boolean current, long records) {
  /** Requires all parts. */
  public KeyEpoch {
    Objects.requireNonNull(createdAt, "createdAt");
  }
}
