package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a new one-time secret shall be. Begins with its value; everything else is optional.
 *
 * <p>A spec holds a value, so it is used up by {@link OneTimeSecrets#share} or {@link
 * OneTimeSecrets#generate}, which overwrite that value whether they succeed or not; only a call
 * that is not let in, for want of a permission, because there were too many, or as it is the wrong
 * one of the two, leaves it for another try. Every option may be set once, and is checked when it
 * is set. Not thread-safe.
 */
public final class OneTimeSpec {

  /** How long a link opens the secret if nothing is said. */
  public static final Duration DEFAULT_TIME_TO_LIVE = Duration.ofDays(7);

  /** The shortest time that a link can open the secret. */
  public static final Duration MIN_TIME_TO_LIVE = Duration.ofMinutes(1);

  /** The longest time that a link can open the secret. */
  public static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(365);

  /** The longest note, in code points. */
  public static final int MAX_NOTE = 500;

  private final NewValue value;
  private final Map<String, String> labels = new LinkedHashMap<>();
  private @Nullable Duration timeToLive;
  private @Nullable String note;
  private @Nullable Integer maxBytes;
  private boolean shownOnReceipt;

  private OneTimeSpec(NewValue value) {
    this.value = value;
  }

  /**
   * Begins with a text.
   *
   * @param text at least one character; how many bytes it may have in UTF-8, {@link
   *     VaultLimits#maxValueBytes(int)} says; copied, so the caller may overwrite it
   * @return a spec
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   */
  public static OneTimeSpec of(char[] text) {
    return new OneTimeSpec(NewValue.of(text));
  }

  /**
   * Begins with bytes.
   *
   * @param bytes at least one; how many there may be, {@link VaultLimits#maxValueBytes(int)} says;
   *     copied, so the caller may overwrite them
   * @return a spec
   * @throws IllegalArgumentException if there are none or too many
   */
  public static OneTimeSpec of(byte[] bytes) {
    return new OneTimeSpec(NewValue.of(bytes));
  }

  /**
   * Begins with a password that is to be generated.
   *
   * @param policy what it looks like
   * @return a spec
   */
  public static OneTimeSpec generated(PasswordPolicy policy) {
    return new OneTimeSpec(NewValue.generated(policy));
  }

  /**
   * Sets how long the link opens the secret; {@link #DEFAULT_TIME_TO_LIVE} if nothing is said. The
   * receipt lives twice as long.
   *
   * @param time {@link #MIN_TIME_TO_LIVE} to {@link #MAX_TIME_TO_LIVE}
   * @return this
   * @throws IllegalArgumentException if it is out of range
   * @throws IllegalStateException if it was already set
   */
  public OneTimeSpec expiresAfter(Duration time) {
    if (!clamped(time).equals(time)) {
      throw new IllegalArgumentException(
          "expiresAfter: " + MIN_TIME_TO_LIVE + " to " + MAX_TIME_TO_LIVE + " allowed");
    }
    return timeToLive(time);
  }

  /**
   * Sets how long the link opens the secret, as {@link #expiresAfter} does, but takes the nearest
   * time that is allowed.
   *
   * @param time any time
   * @return this
   * @throws IllegalStateException if it was already set
   */
  public OneTimeSpec expiresAfterClamped(Duration time) {
    return timeToLive(clamped(time));
  }

  private static Duration clamped(Duration time) {
    if (time.compareTo(MIN_TIME_TO_LIVE) < 0) {
      return MIN_TIME_TO_LIVE;
    }
    return time.compareTo(MAX_TIME_TO_LIVE) > 0 ? MAX_TIME_TO_LIVE : time;
  }

  private OneTimeSpec timeToLive(Duration time) {
    requireUnset("expiresAfter", timeToLive);
    timeToLive = time;
    return this;
  }

  /**
   * Protects the value by a passphrase besides the link and the vault's keys: it takes all of them
   * to reveal it, but for what {@link #shownOnReceipt} says.
   *
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars, taken in Unicode's
   *     normalization form C; copied, so the caller may overwrite it
   * @return this
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   * @throws IllegalStateException if it was already set, or the spec was used
   */
  public OneTimeSpec passphrase(char[] passphrase) {
    value.passphrase(passphrase);
    return this;
  }

  /**
   * Has the value refused if it is longer, for those who may share less than others. What {@link
   * VaultLimits#maxValueBytes(int)} says holds in any case.
   *
   * @param bytes how many it may have, in UTF-8 if it is a text; at least 1
   * @return this
   * @throws IllegalArgumentException if it is less than 1
   * @throws IllegalStateException if it was already set
   */
  public OneTimeSpec maxBytes(int bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("maxBytes: at least 1 needed, but was " + bytes);
    }
    requireUnset("maxBytes", maxBytes);
    maxBytes = bytes;
    return this;
  }

  /**
   * Says who it is for, on the receipt only.
   *
   * @param text at most {@value #MAX_NOTE} code points, no control characters
   * @return this
   * @throws IllegalArgumentException if it is not allowed
   * @throws IllegalStateException if it was already set
   */
  public OneTimeSpec note(String text) {
    requireUnset("note", note);
    note = Text.check("note", text, 0, MAX_NOTE);
    return this;
  }

  /**
   * Adds a label, on the receipt only.
   *
   * @param key 1 to {@value SecretSpec#MAX_LABEL_KEY} code points, no control characters
   * @param labelValue at most {@value SecretSpec#MAX_LABEL_VALUE} code points, no control
   *     characters
   * @return this
   * @throws IllegalArgumentException if one of them is not allowed, or there are {@value
   *     SecretSpec#MAX_LABELS} labels already
   * @throws IllegalStateException if the key was already set
   */
  public OneTimeSpec label(String key, String labelValue) {
    SecretSpec.checkLabel(key, labelValue);
    requireUnset("label", labels.get(key));
    if (labels.size() == SecretSpec.MAX_LABELS) {
      throw SecretSpec.tooManyLabels();
    }
    labels.put(key, labelValue);
    return this;
  }

  /**
   * Has a generated value shown once to whoever has the receipt, within a minute, so that who
   * shares it can keep it elsewhere: see {@link OneTimeSecrets#takeGenerated}. For that minute the
   * receipt opens it, with neither the link nor a passphrase.
   *
   * @return this
   * @throws IllegalArgumentException if the value is given
   * @throws IllegalStateException if this was already said
   */
  public OneTimeSpec shownOnReceipt() {
    if (shownOnReceipt) {
      throw new IllegalStateException("shownOnReceipt was already set");
    }
    if (!value.isGenerated()) {
      throw new IllegalArgumentException("shownOnReceipt: a value that is given is not shown");
    }
    shownOnReceipt = true;
    return this;
  }

  private static void requireUnset(String option, @Nullable Object before) {
    if (before != null) {
      throw new IllegalStateException(option + " was already set");
    }
  }

  NewValue value() {
    return value;
  }

  /** Refuses a value that is too long. */
  void checkSize(byte[] bytes) {
    if (maxBytes != null && bytes.length > maxBytes) {
      throw new IllegalArgumentException("value: at most " + maxBytes + " bytes allowed");
    }
  }

  /** A new one-time secret that is as this says. */
  OneTimeRecord toRecord(Instant now, boolean passphraseProtected) {
    Duration life = Objects.requireNonNullElse(timeToLive, DEFAULT_TIME_TO_LIVE);
    return new OneTimeRecord(
        SecretId.generate(now),
        1,
        OneTimeState.NEW,
        Objects.requireNonNullElse(note, ""),
        labels,
        now,
        now.plus(life).truncatedTo(ChronoUnit.MILLIS),
        null,
        passphraseProtected);
  }

  boolean isShownOnReceipt() {
    return shownOnReceipt;
  }

  /** Says nothing of the value. */
  @Override
  public String toString() {
    return "OneTimeSpec[hidden]";
  }
}
