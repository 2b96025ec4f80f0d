package dev.secretvault;

import dev.secretvault.ModelSecret.Wanted;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Random arguments out of small sets, so that they often meet; each as the model and the vault take
 * it.
 */
final class RandomArguments {

  /** A time that an update sets or, if there is none, takes away. */
  record Moment(@Nullable Instant instant) {}

  /** What an update says; an empty label is taken away. */
  record Edit(
      @Nullable String name,
      @Nullable String description,
      Map<String, Optional<String>> labels,
      @Nullable Moment expiresAt,
      @Nullable Moment notBefore,
      @Nullable Long revision) {}

  /** What a query says. */
  record Wish(
      int limit, @Nullable String after, @Nullable SecretState state, String prefix, String env) {}

  private static final int NAMES = 14;
  private static final int VALUES = 6;

  private final Random random;
  private final InstantSource clock;

  RandomArguments(Random random, InstantSource clock) {
    this.random = random;
    this.clock = clock;
  }

  boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  <T> T oneOf(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  String name() {
    return "name-" + (char) ('a' + random.nextInt(NAMES));
  }

  byte[] value() {
    return ("value-" + random.nextInt(VALUES)).getBytes(StandardCharsets.UTF_8);
  }

  String userId() {
    return "user-" + random.nextInt(3);
  }

  private Instant soon() {
    return clock.instant().plusMillis(random.nextInt(60));
  }

  private String environment() {
    return oneIn(2) ? "prod" : "test";
  }

  Wanted wanted() {
    return new Wanted(
        name(),
        value(),
        oneIn(5),
        !oneIn(4),
        oneOf(List.of(Disclosure.values())),
        oneIn(2) ? Map.of("env", environment()) : Map.of(),
        oneIn(5) ? soon() : null,
        oneIn(5) ? soon() : null);
  }

  static SecretSpec toSpec(Wanted wanted) {
    SecretSpec spec = SecretSpec.named(wanted.name()).disclosure(wanted.disclosure());
    wanted.labels().forEach(spec::label);
    if (wanted.active()) {
      spec.active();
    }
    if (wanted.expiresAt() != null) {
      spec.expiresAt(wanted.expiresAt());
    }
    if (wanted.notBefore() != null) {
      spec.notBefore(wanted.notBefore());
    }
    return wanted.generated() ? spec.generated() : spec.value(wanted.value());
  }

  /**
   * An update.
   *
   * @param revision that the secret has now
   */
  Edit edit(long revision) {
    Map<String, Optional<String>> labels = new TreeMap<>();
    if (oneIn(3)) {
      labels.put("env", oneIn(2) ? Optional.empty() : Optional.of(environment()));
    }
    return new Edit(
        oneIn(3) ? name() : null,
        oneIn(4) ? "about " + random.nextInt(3) : null,
        labels,
        moment(),
        moment(),
        oneIn(4) ? Long.valueOf(revision + random.nextInt(3) - 1) : null);
  }

  private @Nullable Moment moment() {
    return switch (random.nextInt(6)) {
      case 0 -> new Moment(null);
      case 1 -> new Moment(soon());
      default -> null;
    };
  }

  static SecretUpdate toUpdate(Edit edit) {
    SecretUpdate update = SecretUpdate.none();
    if (edit.name() != null) {
      update = update.name(edit.name());
    }
    if (edit.description() != null) {
      update = update.description(edit.description());
    }
    for (Map.Entry<String, Optional<String>> label : edit.labels().entrySet()) {
      Optional<String> value = label.getValue();
      update =
          value.isPresent()
              ? update.label(label.getKey(), value.get())
              : update.withoutLabel(label.getKey());
    }
    if (edit.expiresAt() != null) {
      Instant end = edit.expiresAt().instant();
      update = end == null ? update.neverExpires() : update.expiresAt(end);
    }
    if (edit.notBefore() != null) {
      Instant begin = edit.notBefore().instant();
      update = begin == null ? update.validAtOnce() : update.notBefore(begin);
    }
    return edit.revision() == null ? update : update.ifRevision(edit.revision());
  }

  /**
   * A query.
   *
   * @param cursors where it may begin
   */
  Wish wish(List<SecretId> cursors) {
    return new Wish(
        1 + random.nextInt(6),
        cursors.isEmpty() || oneIn(2) ? null : oneOf(cursors).text(),
        oneIn(2) ? null : oneOf(List.of(SecretState.values())),
        oneIn(4) ? "name-b" : "",
        oneIn(3) ? environment() : "");
  }

  static ListQuery toQuery(Wish wish) {
    ListQuery query = ListQuery.all().limit(wish.limit()).namePrefix(wish.prefix());
    query = wish.after() == null ? query : query.after(wish.after());
    query = wish.state() == null ? query : query.state(wish.state());
    return wish.env().isEmpty() ? query : query.label("env", wish.env());
  }
}
