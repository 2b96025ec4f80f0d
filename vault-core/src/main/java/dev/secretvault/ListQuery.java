package dev.secretvault;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which secrets to list. Immutable: each method returns a changed copy.
 *
 * <p>{@code ListQuery.all().state(SecretState.ACTIVE).label("environment", "production").limit(20)}
 */
public final class ListQuery {

  /** The most secrets in one page. */
  public static final int MAX_LIMIT = 100;

  private static final ListQuery ALL = new ListQuery(MAX_LIMIT, null, null, null, null, null);

  private final int limit;
  private final @Nullable SecretId after;
  private final @Nullable SecretState state;
  private final @Nullable String labelKey;
  private final @Nullable String labelValue;
  private final @Nullable String namePrefix;

  private ListQuery(
      int limit,
      @Nullable SecretId after,
      @Nullable SecretState state,
      @Nullable String labelKey,
      @Nullable String labelValue,
      @Nullable String namePrefix) {
    this.limit = limit;
    this.after = after;
    this.state = state;
    this.labelKey = labelKey;
    this.labelValue = labelValue;
    this.namePrefix = namePrefix;
  }

  /** {@return all secrets, in pages of {@value #MAX_LIMIT}} */
  public static ListQuery all() {
    return ALL;
  }

  /**
   * Sets the most secrets in a page.
   *
   * @param newLimit 1 to {@value #MAX_LIMIT}
   * @return the changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public ListQuery limit(int newLimit) {
    if (newLimit < 1 || newLimit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "limit: 1 to " + MAX_LIMIT + " allowed, but was " + newLimit);
    }
    return new ListQuery(newLimit, after, state, labelKey, labelValue, namePrefix);
  }

  /**
   * Goes on behind a page.
   *
   * @param cursor what that page's {@link Page#next} was
   * @return the changed copy
   * @throws IllegalArgumentException if it never was one
   */
  public ListQuery after(String cursor) {
    SecretId last;
    try {
      last = SecretId.of(cursor);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("cursor: is not one that a page ended with");
    }
    return new ListQuery(limit, last, state, labelKey, labelValue, namePrefix);
  }

  /**
   * Wants secrets of one state only.
   *
   * @param wanted the state
   * @return the changed copy
   */
  public ListQuery state(SecretState wanted) {
    return new ListQuery(
        limit, after, Objects.requireNonNull(wanted, "state"), labelKey, labelValue, namePrefix);
  }

  /**
   * Wants secrets with this label only.
   *
   * @param key the label's key
   * @param value the label's value
   * @return the changed copy
   */
  public ListQuery label(String key, String value) {
    Objects.requireNonNull(key, "key");
    return new ListQuery(
        limit, after, state, key, Objects.requireNonNull(value, "value"), namePrefix);
  }

  /**
   * Wants secrets only whose name begins so.
   *
   * @param prefix the beginning
   * @return the changed copy
   */
  public ListQuery namePrefix(String prefix) {
    return new ListQuery(
        limit, after, state, labelKey, labelValue, Objects.requireNonNull(prefix, "prefix"));
  }

  int limit() {
    return limit;
  }

  @Nullable SecretId after() {
    return after;
  }

  boolean accepts(SecretInfo info) {
    return (state == null || state == info.state())
        && (labelKey == null || Objects.equals(labelValue, info.labels().get(labelKey)))
        && (namePrefix == null || info.name().startsWith(namePrefix));
  }
}
