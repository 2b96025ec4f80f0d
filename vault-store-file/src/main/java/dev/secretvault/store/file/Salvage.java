package dev.secretvault.store.file;

import java.util.List;

/**
 * What {@link FileSecretStore#salvage} came to.
 *
 * @param records how many records are in the new store
 * @param lost what could not be read, each in a sentence; empty if the store was whole. Names
 *     files, bytes, numbers of commits and keys of records, and nothing of their content
 */
public record Salvage(long records, List<String> lost) {

  /** Keeps a copy of the list. */
  public Salvage {
    lost = List.copyOf(lost);
  }
}
