package dev.secretvault;

import java.util.List;

/**
 * How far {@link VaultKeys#reencrypt} has come.
 *
 * @param examined how many records were looked at
 * @param resealed how many of them were sealed anew
 * @param quarantined how many of them do not open, and were left as they are
 * @param quarantinedKeys the keys of those in the store, the first {@value #MAX_KEYS} of them; a
 *     key holds the id of its secret, where it is not that of a name
 */
public record Reencryption(
    long examined, long resealed, long quarantined, List<String> quarantinedKeys) {

  /** The most keys of quarantined records that are listed. */
  public static final int MAX_KEYS = 1_000;

  /** Copies the list. */
  public Reencryption {
    quarantinedKeys = List.copyOf(quarantinedKeys);
  }
}
