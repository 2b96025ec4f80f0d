package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a new secret shall be. Begins with {@link #named}; needs {@link #generated} or one of the
 * {@code value} methods; everything else is optional.
 *
 * <p>A spec may hold a value, so it is used up by {@link SecretVault#create} or {@link
 * SecretVault#putIfChanged}, which overwrite that value whether they succeed or not; only a call
 * that is not let in, for want of a permission or because there were too many, leaves it for
 * another try. Every option may be set once, and is checked when it is set. Not thread-safe.
 */
public final class SecretSpec {

  /** The longest name, in code points. */
  public static final int MAX_NAME = 300;

  /** The longest description, in code points. */
  public static final int MAX_DESCRIPTION = 1_000;

  /** The most labels. */
  public static final int MAX_LABELS = 32;

  /** The longest key of a label, in code points. */
  public static final int MAX_LABEL_KEY = 100;

  /** The longest value of a label, in code points. */
  public static final int MAX_LABEL_VALUE = 300;

  /** The largest value that a vault takes unless its {@link VaultLimits} say otherwise: 64 KiB. */
  public static final int MAX_VALUE_BYTES = 1 << 16;

  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

  private final String name;
  private final Map<String, String> labels = new LinkedHashMap<>();
  private @Nullable NewValue value;
  private boolean generated;
  private char @Nullable [] passphrase;
  private boolean active;
  private boolean used;
  private @Nullable String description;
  private @Nullable Disclosure disclosure;
  private @Nullable Instant expiresAt;
  private @Nullable Duration expiresAfter;
  private @Nullable Instant notBefore;

  private SecretSpec(String name) {
    this.name = name;
  }

  /**
   * Begins a spec.
   *
   * @param name 1 to {@value #MAX_NAME} code points, no control characters, no white space at
   *     either end
   * @return a spec of an inactive secret
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static SecretSpec named(String name) {
    NamePolicy.DEFAULT.check(name);
    return new SecretSpec(name);
  }

  /**
   * Has the value generated: 32 random bytes as text, 43 characters of URL-safe Base64 without
   * padding.
   *
   * @return this
   * @throws IllegalStateException if the value was already set
   */
  public SecretSpec generated() {
    return value(NewValue::generated);
  }

  /**
   * Has a password generated as the value.
   *
   * @param policy what it looks like
   * @return this
   * @throws IllegalStateException if the value was already set
   */
  public SecretSpec generated(PasswordPolicy policy) {
    return value(() -> NewValue.generated(policy));
  }

  /**
   * Sets the value to a text.
   *
   * @param text at least one character, at most {@value VaultLimits#HIGHEST_VALUE_BYTES} bytes in
   *     UTF-8, and not more than the vault takes: {@value #MAX_VALUE_BYTES} unless its {@link
   *     VaultLimits} say otherwise; copied, so the caller may overwrite it
   * @return this
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   * @throws IllegalStateException if the value was already set
   */
  public SecretSpec value(char[] text) {
    return value(() -> NewValue.of(text));
  }

  /**
   * Sets the value to bytes.
   *
   * @param bytes 1 to {@value VaultLimits#HIGHEST_VALUE_BYTES}, and not more than the vault takes:
   *     {@value #MAX_VALUE_BYTES} unless its {@link VaultLimits} say otherwise; copied, so the
   *     caller may overwrite them
   * @return this
   * @throws IllegalArgumentException if there are none or too many
   * @throws IllegalStateException if the value was already set
   */
  public SecretSpec value(byte[] bytes) {
    return value(() -> NewValue.of(bytes));
  }

  private SecretSpec value(Supplier<NewValue> made) {
    if (used || value != null) {
      throw new IllegalStateException("the value was already set");
    }
    value = made.get();
    generated = value.isGenerated();
    return this;
  }

  /**
   * Protects the value by a passphrase besides the vault's keys: it takes both to reveal it, so
   * that not everybody who can open the vault can. Such a secret makes no digests. What is lost
   * with the passphrase is lost.
   *
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars, taken in Unicode's
   *     normalization form C; copied, so the caller may overwrite it
   * @return this
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   * @throws IllegalStateException if it was already set
   */
  public SecretSpec passphrase(char[] passphrase) {
    if (used || this.passphrase != null) {
      throw new IllegalStateException("passphrase was already set");
    }
    this.passphrase = Text.checkPassphrase(passphrase).clone();
    return this;
  }

  /**
   * Says what the secret is for.
   *
   * @param description at most {@value #MAX_DESCRIPTION} code points, no control characters
   * @return this
   * @throws IllegalArgumentException if it is not allowed
   * @throws IllegalStateException if it was already set
   */
  public SecretSpec description(String description) {
    requireUnset("description", this.description);
    this.description = Text.check("description", description, 0, MAX_DESCRIPTION);
    return this;
  }

  /**
   * Adds a label.
   *
   * @param key 1 to {@value #MAX_LABEL_KEY} code points, no control characters
   * @param value at most {@value #MAX_LABEL_VALUE} code points, no control characters
   * @return this
   * @throws IllegalArgumentException if one of them is not allowed, or there are {@value
   *     #MAX_LABELS} labels already
   * @throws IllegalStateException if the key was already set
   */
  public SecretSpec label(String key, String value) {
    checkLabel(key, value);
    requireUnset("label", labels.get(key));
    if (labels.size() == MAX_LABELS) {
      throw tooManyLabels();
    }
    labels.put(key, value);
    return this;
  }

  static void checkLabel(String key, String value) {
    Text.check("label key", Objects.requireNonNull(key, "key"), 1, MAX_LABEL_KEY);
    Text.check("label value", Objects.requireNonNull(value, "value"), 0, MAX_LABEL_VALUE);
  }

  static IllegalArgumentException tooManyLabels() {
    return new IllegalArgumentException("labels: at most " + MAX_LABELS + " allowed");
  }

  /**
   * Creates the secret {@linkplain SecretState#ACTIVE active}, instead of inactive.
   *
   * @return this
   * @throws IllegalStateException if this was already said
   */
  public SecretSpec active() {
    if (active) {
      throw new IllegalStateException("active was already set");
    }
    active = true;
    return this;
  }

  /**
   * Sets when the value may be revealed. By default that is any time for a value that is given or
   * protected by a passphrase, and at creation only for any other generated one.
   *
   * @param disclosure the rule; not {@link Disclosure#AT_CREATION} with a passphrase, as such a
   *     value could be used for nothing
   * @return this
   * @throws IllegalStateException if it was already set
   */
  public SecretSpec disclosure(Disclosure disclosure) {
    requireUnset("disclosure", this.disclosure);
    this.disclosure = Objects.requireNonNull(disclosure, "disclosure");
    return this;
  }

  /**
   * Ends the secret's life at a moment: from then on it gives neither value nor digest, and is
   * removed.
   *
   * @param moment after the creation; truncated to the millisecond
   * @return this
   * @throws IllegalStateException if an expiry was already set
   */
  public SecretSpec expiresAt(Instant moment) {
    requireUnset("expiry", this.expiresAt, this.expiresAfter);
    this.expiresAt = Objects.requireNonNull(moment, "expiresAt");
    return this;
  }

  /**
   * Ends the secret's life some time after its creation.
   *
   * @param time at least a millisecond
   * @return this
   * @throws IllegalArgumentException if it is shorter
   * @throws IllegalStateException if an expiry was already set
   */
  public SecretSpec expiresAfter(Duration time) {
    requireUnset("expiry", this.expiresAt, this.expiresAfter);
    if (Objects.requireNonNull(time, "expiresAfter").compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException("expiresAfter: at least a millisecond is needed");
    }
    this.expiresAfter = time;
    return this;
  }

  /**
   * Begins the secret's use at a moment: until then it gives neither value nor digest.
   *
   * @param moment any moment before the expiry; truncated to the millisecond
   * @return this
   * @throws IllegalStateException if it was already set
   */
  public SecretSpec notBefore(Instant moment) {
    requireUnset("notBefore", this.notBefore);
    this.notBefore = Objects.requireNonNull(moment, "notBefore");
    return this;
  }

  /**
   * The secret that this spec describes, at its first revision.
   *
   * @throws IllegalArgumentException if the times do not fit each other
   */
  SecretInfo toInfo(Instant now, boolean passphraseProtected) {
    if (passphraseProtected && disclosure == Disclosure.AT_CREATION) {
      throw new IllegalArgumentException(
          "disclosure: a secret with a passphrase makes no digests, so it must be revealable");
    }
    Instant end =
        expiresAfter == null
            ? toMillis("expiresAt", expiresAt)
            : toMillis("expiresAfter", plus(now, expiresAfter));
    Instant begin = toMillis("notBefore", notBefore);
    requireFuture(end, now);
    requireInOrder(begin, end);
    return new SecretInfo(
        SecretId.generate(now),
        name,
        Objects.requireNonNullElse(description, ""),
        labels,
        active ? SecretState.ACTIVE : SecretState.INACTIVE,
        disclosure != null
            ? disclosure
            : generated && !passphraseProtected ? Disclosure.AT_CREATION : Disclosure.REVEALABLE,
        List.of(new SecretInfo.Version(1, SecretInfo.Version.State.CURRENT, now, 1)),
        now,
        active ? now : null,
        end,
        begin,
        1,
        passphraseProtected);
  }

  String name() {
    return name;
  }

  boolean isActive() {
    return active;
  }

  /** Hands the value over. */
  NewValue takeValue() {
    NewValue taken = value;
    char[] locked = passphrase;
    if (used) {
      throw new IllegalStateException("the spec was already used: each secret needs its own");
    }
    used = true;
    value = null;
    passphrase = null;
    try {
      if (taken == null) {
        throw new IllegalArgumentException("value: must be given, or generated()");
      }
      return locked == null ? taken : taken.passphrase(locked);
    } finally {
      if (locked != null) {
        Arrays.fill(locked, '\0');
      }
    }
  }

  static void requireFuture(@Nullable Instant end, Instant now) {
    if (end != null && !end.isAfter(now)) {
      throw new IllegalArgumentException("expiresAt: must be in the future");
    }
  }

  static void requireInOrder(@Nullable Instant begin, @Nullable Instant end) {
    if (end != null && begin != null && !begin.isBefore(end)) {
      throw new IllegalArgumentException("notBefore: must be before the expiry");
    }
  }

  private static Instant plus(Instant now, Duration time) {
    try {
      return now.plus(time);
    } catch (ArithmeticException | DateTimeException tooFar) {
      throw new IllegalArgumentException("expiresAfter: is too long");
    }
  }

  static @Nullable Instant toMillis(String field, @Nullable Instant moment) {
    if (moment == null) {
      return null;
    }
    if (moment.isBefore(Instant.EPOCH) || moment.isAfter(LATEST)) {
      throw new IllegalArgumentException(field + ": must be in the years 1970 to 9999");
    }
    return moment.truncatedTo(ChronoUnit.MILLIS);
  }

  private static void requireUnset(String option, @Nullable Object... values) {
    for (Object value : values) {
      if (value != null) {
        throw new IllegalStateException(option + " was already set");
      }
    }
  }
}
