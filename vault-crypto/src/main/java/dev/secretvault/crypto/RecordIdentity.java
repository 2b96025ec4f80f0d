package dev.secretvault.crypto;

import java.util.Objects;

/**
 * What sealed bytes are bound to. Bytes sealed for one identity open for no other: not under
 * another key or revision, not in another namespace, not for another purpose, and not in another
 * vault.
 *
 * @param namespace the namespace; empty for the default one
 * @param key the key of the record in the store
 * @param revision the revision of the record
 * @param purpose what the bytes are, so that one kind cannot stand in for another
 */
public record RecordIdentity(String namespace, String key, long revision, String purpose) {
  /** Requires all parts. */
  public RecordIdentity {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(purpose, "purpose");
  }
}
