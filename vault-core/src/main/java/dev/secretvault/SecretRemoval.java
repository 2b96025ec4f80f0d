package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import dev.secretvault.store.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What a commit has to delete for a secret to be gone. */
final class SecretRemoval {

  private final VaultRecords records;

  SecretRemoval(VaultRecords records) {
    this.records = records;
  }

  List<Change> of(SecretInfo info) {
    List<Change> changes = new ArrayList<>();
    changes.add(records.deleteSecret(info));
    records.deleteName(info.name()).ifPresent(changes::add);
    records.deleteAttempts(info.id()).ifPresent(changes::add);
    for (Version version : info.versions()) {
      records.deleteValue(info.id(), version.number()).ifPresent(changes::add);
    }
    return changes;
  }

  /** The same of a secret whose record was discarded; nothing if no value of it is left. */
  List<Change> ofRemains(SecretId id) {
    if (records.valuesOf(id).findAny().isEmpty()) {
      return List.of();
    }
    List<Change> changes = ofUnopened(id);
    changes.add(records.requireNoSecret(id));
    return changes;
  }

  /**
   * The same of a secret whose record does not open. What its name was, and which versions it had,
   * is found by reading the names and values of the namespace.
   */
  List<Change> ofUnopened(SecretId id) {
    List<Change> changes = new ArrayList<>();
    records.deleteUnopened(id).ifPresent(changes::add);
    records.deleteAttempts(id).ifPresent(changes::add);
    Stream.concat(records.valuesOf(id), records.namesOf(id))
        .map(stored -> Change.delete(stored.key(), stored.revision()))
        .forEach(changes::add);
    return changes;
  }
}
