package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.crypto.SecretGenerator;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The value of a new version of a secret: generated, or given.
 *
 * <p>It is used up by the call that it is handed to, which overwrites it whether it succeeds or
 * not; only a call that is not let in, for want of a permission or because there were too many,
 * leaves it for another try. Not thread-safe.
 */
public final class NewValue {

  private final boolean generated;
  private @Nullable Supplier<byte[]> source;
  private char @Nullable [] passphrase;

  private NewValue(boolean generated, Supplier<byte[]> source) {
    this.generated = generated;
    this.source = source;
  }

  /**
   * Has the value generated: 32 random bytes as text, 43 characters of URL-safe Base64 without
   * padding.
   *
   * @return the value to be
   */
  public static NewValue generated() {
    return new NewValue(true, SecretGenerator::generateText);
  }

  /**
   * Has a password generated.
   *
   * @param policy what it looks like
   * @return the value to be
   */
  public static NewValue generated(PasswordPolicy policy) {
    Objects.requireNonNull(policy, "policy");
    return new NewValue(true, () -> SecretGenerator.generatePassword(policy));
  }

  /**
   * Takes a text.
   *
   * @param text at least one character, at most {@value VaultLimits#HIGHEST_VALUE_BYTES} bytes in
   *     UTF-8, and not more than the vault takes; copied, so the caller may overwrite it
   * @return the value
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   */
  public static NewValue of(char[] text) {
    requireSize(Objects.requireNonNull(text, "value").length); // Each char takes at least one byte.
    byte[] encoded = Text.encode(text, "value");
    try {
      requireSize(encoded.length);
    } catch (IllegalArgumentException e) {
      Arrays.fill(encoded, (byte) 0);
      throw e;
    }
    return new NewValue(false, () -> encoded);
  }

  /**
   * Takes bytes.
   *
   * @param bytes 1 to {@value VaultLimits#HIGHEST_VALUE_BYTES}, and not more than the vault takes;
   *     copied, so the caller may overwrite them
   * @return the value
   * @throws IllegalArgumentException if there are none or too many
   */
  public static NewValue of(byte[] bytes) {
    requireSize(Objects.requireNonNull(bytes, "value").length);
    byte[] copy = bytes.clone();
    return new NewValue(false, () -> copy);
  }

  private static void requireSize(int bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("value: must not be empty");
    }
    if (bytes > VaultLimits.HIGHEST_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "value: at most " + VaultLimits.HIGHEST_VALUE_BYTES + " bytes allowed");
    }
  }

  /**
   * Protects the value by a passphrase besides the vault's keys: it takes both to reveal it. Needed
   * if the secret is protected by one, and allowed only then.
   *
   * @param newPassphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars, taken in Unicode's
   *     normalization form C; copied, so the caller may overwrite it
   * @return this
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   * @throws IllegalStateException if it was already set, or the value was used
   */
  public NewValue passphrase(char[] newPassphrase) {
    if (passphrase != null || source == null) {
      throw new IllegalStateException("passphrase was already set");
    }
    passphrase = Text.checkPassphrase(newPassphrase).clone();
    return this;
  }

  boolean isGenerated() {
    return generated;
  }

  /**
   * Hands over a value that can be put again, to be overwritten by the receiver.
   *
   * @throws IllegalArgumentException if it cannot be compared with what is there then
   */
  byte[] takeComparable() {
    char[] locked = takePassphrase();
    byte[] taken = take();
    if (locked == null && !generated) {
      return taken;
    }
    Arrays.fill(taken, (byte) 0);
    if (locked != null) {
      Arrays.fill(locked, '\0');
    }
    throw new IllegalArgumentException(
        generated
            ? "value: must be given, as a generated one is another one each time"
            : "passphrase: is not allowed, as what it protects cannot be compared");
  }

  /** Hands the value over, to be overwritten by the receiver. */
  byte[] take() {
    Supplier<byte[]> taken = source;
    if (taken == null) {
      throw new IllegalStateException("the value was already used: each version needs its own");
    }
    source = null;
    return taken.get();
  }

  /** Hands the passphrase over, to be overwritten by the receiver; null if there is none. */
  char @Nullable [] takePassphrase() {
    char[] taken = passphrase;
    passphrase = null;
    return taken;
  }

  /** Says nothing of the value. */
  @Override
  public String toString() {
    return "NewValue[hidden]";
  }
}
