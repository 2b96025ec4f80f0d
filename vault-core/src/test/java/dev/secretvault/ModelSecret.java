package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import dev.secretvault.SecretInfo.Version.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A secret of a {@link LifeModel}. */
final class ModelSecret {

  private static final int MAX_RETIRED = 16;

  /** What a spec says. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Wanted(
      String name,
      byte[] value,
      boolean generated,
      boolean active,
      Disclosure disclosure,
      Map<String, String> labels,
      @Nullable Instant expiresAt,
      @Nullable Instant notBefore) {

    Wanted withValue(byte[] made) {
      return new Wanted(name, made, generated, active, disclosure, labels, expiresAt, notBefore);
    }

    Wanted notGenerated() {
      return new Wanted(name, value, false, active, disclosure, labels, expiresAt, notBefore);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Kept(int number, State state, Instant createdAt, byte[] value, long currentSince) {
    Kept as(State other) {
      return new Kept(number, other, createdAt, value, currentSince);
    }
  }

  final Disclosure disclosure;
  final Instant createdAt;
  String name;
  String description = "";
  Map<String, String> labels;
  SecretState state;
  @Nullable Instant activatedAt;
  @Nullable Instant expiresAt;
  @Nullable Instant notBefore;
  long revision = 1;

  /** All that there ever were, by number. */
  List<Kept> versions = new ArrayList<>();

  /** The numbers of those that were current, the last one last. */
  final List<Integer> turns = new ArrayList<>();

  ModelSecret(Wanted wanted, Instant now) {
    disclosure = wanted.disclosure();
    createdAt = now;
    name = wanted.name();
    labels = new TreeMap<>(wanted.labels());
    state = wanted.active() ? SecretState.ACTIVE : SecretState.INACTIVE;
    activatedAt = wanted.active() ? now : null;
    expiresAt = wanted.expiresAt();
    notBefore = wanted.notBefore();
    versions.add(new Kept(1, State.CURRENT, now, wanted.value(), 1));
    turns.add(1);
  }

  ModelSecret(ModelSecret other) {
    disclosure = other.disclosure;
    createdAt = other.createdAt;
    name = other.name;
    description = other.description;
    labels = other.labels;
    state = other.state;
    activatedAt = other.activatedAt;
    expiresAt = other.expiresAt;
    notBefore = other.notBefore;
    revision = other.revision;
    versions = new ArrayList<>(other.versions);
    turns.addAll(other.turns);
  }

  SecretInfo info(SecretId id) {
    long tooMany = versions.stream().filter(v -> v.state == State.RETIRED).count() - MAX_RETIRED;
    Set<Integer> forgotten = new HashSet<>();
    versions.stream()
        .filter(v -> v.state == State.RETIRED)
        .limit(Math.max(0, tooMany))
        .forEach(v -> forgotten.add(v.number));
    List<Version> remembered =
        versions.stream()
            .filter(v -> !forgotten.contains(v.number))
            .map(v -> new Version(v.number, v.state, v.createdAt, v.currentSince))
            .toList();
    return new SecretInfo(
        id,
        name,
        description,
        labels,
        state,
        disclosure,
        remembered,
        createdAt,
        activatedAt,
        expiresAt,
        notBefore,
        revision,
        false);
  }

  @Nullable Kept newest(State wanted) {
    return versions.stream()
        .filter(v -> v.state == wanted)
        .reduce((older, newer) -> newer)
        .orElse(null);
  }

  void turn(State from, State to) {
    versions.replaceAll(v -> v.state == from ? v.as(to) : v);
  }

  void turn(Kept one, State to) {
    versions.replaceAll(v -> v.number == one.number ? v.as(to) : v);
  }

  void promote() {
    Kept pending = newest(State.PENDING);
    if (pending != null) {
      makeCurrent(pending);
      turn(State.PENDING, State.RETIRED);
    }
  }

  void makeCurrent(Kept next) {
    turn(State.CURRENT, State.PREVIOUS);
    versions.set(
        next.number - 1,
        new Kept(next.number, State.CURRENT, next.createdAt, next.value, revision + 1));
    turns.remove(Integer.valueOf(next.number));
    turns.add(next.number);
  }

  /** The one that was current last, of those that verify besides the current one. */
  @Nullable Kept before() {
    return turns.stream()
        .map(number -> versions.get(number - 1))
        .filter(v -> v.state == State.PREVIOUS)
        .reduce((earlier, later) -> later)
        .orElse(null);
  }
}
