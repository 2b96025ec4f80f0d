package dev.secretvault;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * How much a vault takes. Each namespace has these limits for itself. Immutable: each method
 * returns a changed copy.
 *
 * <p>{@code VaultLimits.defaults().maxSecrets(300).rate(Permission.REVEAL, 200,
 * Duration.ofSeconds(60))}
 */
public final class VaultLimits {

  /** The most that {@link #maxValueBytes(int)} can be set to: 1 MiB. */
  public static final int HIGHEST_VALUE_BYTES = 1 << 20;

  /** The most calls that {@link #rate} can allow. */
  public static final int HIGHEST_RATE = 100_000;

  private static final VaultLimits DEFAULTS =
      new VaultLimits(Long.MAX_VALUE, SecretSpec.MAX_VALUE_BYTES, Map.of());

  private final long maxSecrets;
  private final int maxValueBytes;
  private final Map<Permission, Rate> rates;

  /** So many calls in any window of this length. */
  record Rate(int limit, Duration window) {}

  private VaultLimits(long maxSecrets, int maxValueBytes, Map<Permission, Rate> rates) {
    this.maxSecrets = maxSecrets;
    this.maxValueBytes = maxValueBytes;
    this.rates = rates;
  }

  /** {@return values of at most 64 KiB, and as many secrets and calls as there may be} */
  public static VaultLimits defaults() {
    return DEFAULTS;
  }

  /**
   * Limits the number of secrets in a namespace; those count whose value is not gone. The limit
   * holds exactly, among all vaults on the store that have it, and costs a record that is rewritten
   * with each creation and deletion.
   *
   * @param secrets at least 0
   * @return the changed copy
   * @throws IllegalArgumentException if it is negative
   */
  public VaultLimits maxSecrets(long secrets) {
    if (secrets < 0) {
      throw new IllegalArgumentException("maxSecrets: must not be negative");
    }
    return new VaultLimits(secrets, maxValueBytes, rates);
  }

  /**
   * Limits the size of new values.
   *
   * @param bytes 1 to {@value #HIGHEST_VALUE_BYTES}
   * @return the changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public VaultLimits maxValueBytes(int bytes) {
    if (bytes < 1 || bytes > HIGHEST_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "maxValueBytes: 1 to " + HIGHEST_VALUE_BYTES + " allowed, but was " + bytes);
    }
    return new VaultLimits(maxSecrets, bytes, rates);
  }

  /**
   * Limits how often calls that take a permission are made on a namespace: at most so many in any
   * window of this length. Counted by each open vault for itself, in memory, of a namespace that is
   * looked at or among the last thousand that were; a refused call does not count. A call that
   * takes several permissions counts for each of them; what {@link SecretVault#keys} and {@link
   * SecretVault#audit} hand out counts when it is handed out; and {@link SecretVault#resolve} for
   * each secret it reveals.
   *
   * @param calls which calls
   * @param limit how many, 1 to {@value #HIGHEST_RATE}
   * @param window how long, at least a millisecond and at most a day
   * @return the changed copy
   * @throws IllegalArgumentException if one of them is out of range
   */
  public VaultLimits rate(Permission calls, int limit, Duration window) {
    if (limit < 1 || limit > HIGHEST_RATE) {
      throw new IllegalArgumentException(
          "limit: 1 to " + HIGHEST_RATE + " allowed, but was " + limit);
    }
    if (window.compareTo(Duration.ofMillis(1)) < 0 || window.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("window: a millisecond to a day allowed");
    }
    Map<Permission, Rate> changed = new EnumMap<>(Permission.class);
    changed.putAll(rates);
    changed.put(Objects.requireNonNull(calls, "calls"), new Rate(limit, window));
    return new VaultLimits(maxSecrets, maxValueBytes, Map.copyOf(changed));
  }

  long maxSecrets() {
    return maxSecrets;
  }

  Map<Permission, Rate> rates() {
    return rates;
  }

  /** Refuses a value that is too long. */
  void checkValue(byte[] value) {
    if (value.length > maxValueBytes) {
      throw new IllegalArgumentException("value: at most " + maxValueBytes + " bytes allowed");
    }
  }
}
