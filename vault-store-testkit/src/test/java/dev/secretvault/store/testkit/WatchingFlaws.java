package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.Flaw.flaw;
import static dev.secretvault.store.testkit.Flaw.flawedWorld;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.SecretStore.Subscription;
import dev.secretvault.store.StoreListener;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Stores whose watchers hear too much, too little, or too late, or may do harm. */
final class WatchingFlaws {

  private WatchingFlaws() {}

  static List<Flaw> all() {
    return List.of(
        watching(
            "reports nothing",
            (sound, listener) -> () -> {},
            "watch_ownCommit_isReportedBeforeItReturns"),
        flaw(
            "reports before it writes",
            EarlyReporter::new,
            "watch_refusedCommit_isNotReported",
            "watch_report_comesWhenTheChangeIsThereToRead"),
        flaw(
            "reports what a commit required",
            sound ->
                new Reporter(sound) {
                  @Override
                  Set<RecordKey> keys(List<Change> changes) {
                    return changes.stream()
                        .map(Change::key)
                        .collect(Collectors.toUnmodifiableSet());
                  }
                },
            "watch_requiredRecord_isNotReported"),
        flaw(
            "reports its own set",
            sound ->
                new Reporter(sound) {
                  @Override
                  void tell(StoreListener listener, Set<RecordKey> keys) {
                    listener.changed(new HashSet<>(keys));
                  }
                },
            "watch_reportedKeys_areUnmodifiable"),
        flaw(
            "remembers one listener",
            sound ->
                new Reporter(sound) {
                  @Override
                  public Subscription watch(StoreListener listener) {
                    listeners.clear();
                    return super.watch(listener);
                  }
                },
            "watch_severalListeners_allAreTold"),
        flaw(
            "takes two subscriptions of a listener for one",
            sound ->
                new Reporter(sound) {
                  @Override
                  public Subscription watch(StoreListener listener) {
                    super.watch(listener);
                    return () -> listeners.removeAll(List.of(listener));
                  }
                },
            "watch_oneListenerTwice_hasTwoSubscriptions"),
        watching(
            "does not end subscriptions",
            (sound, listener) -> {
              sound.watch(listener);
              return () -> {};
            },
            "watch_subscriptionClosedDuringCommits_noReportBeginsAfterwards",
            "watch_severalListeners_allAreTold",
            "watch_oneListenerTwice_hasTwoSubscriptions"),
        flaw(
            "lets a listener throw",
            Reporter::new,
            "watch_listenerThrows_harmsNeitherCommitNorOthers"),
        flawedWorld(
            "reports after it was closed",
            world -> {
              SecretStore sound = world.sound();
              SecretStore everlasting = world.sound();
              return new BrokenStore(sound) {
                @Override
                public Subscription watch(StoreListener listener) {
                  sound.watch(listener).close();
                  return everlasting.watch(listener);
                }
              };
            },
            "watch_storeClosed_subscriptionEnds",
            "watch_commitElsewhere_isReported"),
        watching(
            "lets null watch",
            (sound, listener) -> listener == null ? () -> {} : sound.watch(listener),
            "watch_null_throws"),
        flaw(
            "reports outside the order of commits",
            LateReporter::new,
            "watch_racingCommits_areReportedInOrderAndOneAtATime"),
        watching(
            "reports every second commit first",
            (sound, listener) -> sound.watch(new Swapping(listener)),
            "watch_racingCommits_areReportedInOrderAndOneAtATime",
            "watch_commitsHereAndElsewhere_areReportedInOrder"),
        // Waits until the contract loses its patience.
        flaw("reports its own commits only", Reporter::new, "watch_commitElsewhere_isReported"));
  }

  private static Flaw watching(
      String name, BiFunction<SecretStore, StoreListener, Subscription> watch, String... caughtBy) {
    return flaw(
        name,
        sound ->
            new BrokenStore(sound) {
              @Override
              public Subscription watch(@Nullable StoreListener listener) {
                return watch.apply(sound, listener);
              }
            },
        caughtBy);
  }

  /** Does itself what StoreListeners does for sound stores, without its care. */
  private static class Reporter extends BrokenStore {
    final List<StoreListener> listeners = new CopyOnWriteArrayList<>();

    Reporter(SecretStore sound) {
      super(sound);
    }

    @Override
    public Subscription watch(StoreListener listener) {
      listeners.add(listener);
      return () -> listeners.remove(listener);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      report(changes);
    }

    final void report(List<Change> changes) {
      Set<RecordKey> keys = keys(changes);
      listeners.forEach(listener -> tell(listener, keys));
    }

    Set<RecordKey> keys(List<Change> changes) {
      return Change.written(changes);
    }

    void tell(StoreListener listener, Set<RecordKey> keys) {
      listener.changed(keys);
    }
  }

  private static final class EarlyReporter extends Reporter {
    EarlyReporter(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      report(changes);
      BrokenStore.gap();
      sound.commit(changes);
    }
  }

  private static final class LateReporter extends Reporter {
    LateReporter(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      BrokenStore.gap();
      report(changes);
    }
  }

  private static final class Swapping implements StoreListener {
    private final StoreListener listener;
    private @Nullable Set<RecordKey> held;

    Swapping(StoreListener listener) {
      this.listener = listener;
    }

    @Override
    public synchronized void changed(Set<RecordKey> keys) {
      if (held == null) {
        held = keys;
      } else {
        listener.changed(keys);
        listener.changed(held);
        held = null;
      }
    }

    @Override
    public void missed() {
      listener.missed();
    }
  }
}
