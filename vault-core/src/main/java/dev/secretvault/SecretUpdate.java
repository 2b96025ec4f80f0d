package dev.secretvault;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What to change of a secret besides its value; all that is not mentioned stays. Immutable: each
 * method returns a changed copy, and of two that contradict each other the later one counts.
 *
 * <p>{@code SecretUpdate.none().name("user-id-app").label("platform", "app").neverExpires()}
 */
public final class SecretUpdate {

  private static final SecretUpdate NONE = new SecretUpdate(draft -> {}, null);

  private final Consumer<SecretDraft> steps;
  private final @Nullable Long revision;

  private SecretUpdate(Consumer<SecretDraft> steps, @Nullable Long revision) {
    this.steps = steps;
    this.revision = revision;
  }

  private SecretUpdate then(Consumer<SecretDraft> step) {
    return new SecretUpdate(steps.andThen(step), revision);
  }

  /** {@return an update that changes nothing} */
  public static SecretUpdate none() {
    return NONE;
  }

  /**
   * Renames the secret. Its former name is free at once, and leads to it no more.
   *
   * @param name as {@link SecretSpec#named} takes it
   * @return the changed copy
   * @throws IllegalArgumentException if the name is not allowed
   */
  public SecretUpdate name(String name) {
    NamePolicy.DEFAULT.check(name);
    return then(draft -> draft.name = name);
  }

  /**
   * Says what the secret is for.
   *
   * @param description at most {@value SecretSpec#MAX_DESCRIPTION} code points, no control
   *     characters; empty to say nothing
   * @return the changed copy
   * @throws IllegalArgumentException if it is not allowed
   */
  public SecretUpdate description(String description) {
    Text.check("description", description, 0, SecretSpec.MAX_DESCRIPTION);
    return then(draft -> draft.description = description);
  }

  /**
   * Adds a label, or gives one that is there another value.
   *
   * @param key 1 to {@value SecretSpec#MAX_LABEL_KEY} code points, no control characters
   * @param value at most {@value SecretSpec#MAX_LABEL_VALUE} code points, no control characters
   * @return the changed copy
   * @throws IllegalArgumentException if one of them is not allowed
   */
  public SecretUpdate label(String key, String value) {
    SecretSpec.checkLabel(key, value);
    return thenLabels(labels -> labels.put(key, value));
  }

  /**
   * Removes a label, if it is there.
   *
   * @param key the label's key
   * @return the changed copy
   */
  public SecretUpdate withoutLabel(String key) {
    Objects.requireNonNull(key, "key");
    return thenLabels(labels -> labels.remove(key));
  }

  private SecretUpdate thenLabels(Consumer<Map<String, String>> step) {
    return then(
        draft -> {
          Map<String, String> labels = new LinkedHashMap<>(draft.labels);
          step.accept(labels);
          draft.labels = labels;
        });
  }

  /**
   * Ends the secret's life at a moment.
   *
   * @param moment in the future; truncated to the millisecond
   * @return the changed copy
   * @throws IllegalArgumentException if it is not in the years 1970 to 9999
   */
  public SecretUpdate expiresAt(Instant moment) {
    Instant end = SecretSpec.toMillis("expiresAt", Objects.requireNonNull(moment, "expiresAt"));
    return then(draft -> draft.expiresAt = end);
  }

  /** {@return a copy that lets the secret be used for ever, unless it has expired already} */
  public SecretUpdate neverExpires() {
    return then(draft -> draft.expiresAt = null);
  }

  /**
   * Begins the secret's use at a moment.
   *
   * @param moment before the expiry; truncated to the millisecond
   * @return the changed copy
   * @throws IllegalArgumentException if it is not in the years 1970 to 9999
   */
  public SecretUpdate notBefore(Instant moment) {
    Instant begin = SecretSpec.toMillis("notBefore", Objects.requireNonNull(moment, "notBefore"));
    return then(draft -> draft.notBefore = begin);
  }

  /** {@return a copy that lets the secret be used at once} */
  public SecretUpdate validAtOnce() {
    return then(draft -> draft.notBefore = null);
  }

  /**
   * Makes the update only if nobody has changed the secret meanwhile.
   *
   * @param revision the {@linkplain SecretInfo#revision revision} that the secret must have
   * @return the changed copy
   */
  public SecretUpdate ifRevision(long revision) {
    return new SecretUpdate(steps, revision);
  }

  /** Changes a secret, or refuses to. */
  void apply(SecretDraft draft, VaultRules rules) {
    if (revision != null && revision != draft.revision()) {
      throw StaleRevisionException.unexpected();
    }
    draft.requireNotOver(rules.clock());
    String name = draft.name;
    Instant begin = draft.notBefore;
    Instant end = draft.expiresAt;
    steps.accept(draft);
    boolean timesChange =
        !Objects.equals(begin, draft.notBefore) || !Objects.equals(end, draft.expiresAt);
    if (timesChange && draft.state == SecretState.REVEALED) {
      throw new AlreadyRevealedException();
    }
    if (!name.equals(draft.name)) {
      rules.names().check(draft.name);
    }
    if (draft.labels.size() > SecretSpec.MAX_LABELS) {
      throw SecretSpec.tooManyLabels();
    }
    if (!Objects.equals(end, draft.expiresAt)) {
      SecretSpec.requireFuture(draft.expiresAt, rules.clock().instant());
    }
    SecretSpec.requireInOrder(draft.notBefore, draft.expiresAt);
  }
}
