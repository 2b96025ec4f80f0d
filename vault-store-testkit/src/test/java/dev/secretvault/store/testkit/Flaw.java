package dev.secretvault.store.testkit;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One way to get a store wrong.
 *
 * @param name what the store does wrong
 * @param opener makes such a store
 * @param caughtBy the tests of the contract that must notice
 */
record Flaw(String name, Function<World, SecretStore> opener, Set<String> caughtBy) {

  /** What the stores that one test opens have in common. */
  static final class World {
    private InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();

    /** For flaws that keep what they should not. */
    List<StoredRecord> remembered = List.of();

    /** For flaws that meddle with other stores. */
    final List<SecretStore> open = new ArrayList<>();

    SecretStore sound() {
      return InMemorySecretStore.open(medium);
    }

    /** Goes on with a new medium that holds these records. */
    SecretStore renewed(List<StoredRecord> records) {
      medium = new InMemorySecretStore.Medium();
      SecretStore store = sound();
      records.forEach(record -> restore(record, store));
      return store;
    }

    static void restore(StoredRecord record, SecretStore to) {
      for (long revision = 0; revision < record.revision(); revision++) {
        to.commit(
            List.of(new Change.Put(record.key(), revision, record.bytes(), record.expiresAt())));
      }
    }
  }

  static final Flaw NONE = new Flaw("none", World::sound, Set.of());

  static List<Flaw> all() {
    return Stream.of(
            ReadingFlaws.all(),
            CommittingFlaws.all(),
            RequiringFlaws.all(),
            ListingFlaws.all(),
            ExpiringFlaws.all(),
            WatchingFlaws.all(),
            RacingFlaws.all(),
            ClosingFlaws.all())
        .flatMap(List::stream)
        .toList();
  }

  static Flaw named(String name) {
    return Stream.concat(Stream.of(NONE), all().stream())
        .filter(flaw -> flaw.name.equals(name))
        .findFirst()
        .orElseThrow();
  }

  static Flaw flaw(String name, Function<SecretStore, SecretStore> breaking, String... caughtBy) {
    return flawedWorld(name, world -> breaking.apply(world.sound()), caughtBy);
  }

  static Flaw flawedWorld(String name, Function<World, SecretStore> opener, String... caughtBy) {
    return new Flaw(name, opener, Set.of(caughtBy));
  }

  @Override
  public String toString() {
    return name;
  }
}
