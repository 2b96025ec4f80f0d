package dev.secretvault;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of a one-time secret, for whoever shared it. A snapshot; never the value.
 *
 * @param id its identity, for logs; leads to nothing
 * @param state what has become of it
 * @param note what was said of the recipient; empty if nothing was
 * @param labels what was said of it besides, unmodifiable
 * @param createdAt when it was shared, to the millisecond like all times here
 * @param expiresAt from when on the link opens it no more
 * @param endedAt when it was revealed or burned, or when it expired; null while it is new, and if
 *     it is orphaned
 * @param receiptExpiresAt from when on the receipt is gone, too
 * @param timeLeft how long the link still opens it; zero if it does not
 * @param receiptTimeLeft how long the receipt still leads here
 * @param passphraseProtected whether the link alone is not enough
 */
public record Receipt(
    SecretId id,
    OneTimeState state,
    String note,
    Map<String, String> labels,
    Instant createdAt,
    Instant expiresAt,
    @Nullable Instant endedAt,
    Instant receiptExpiresAt,
    Duration timeLeft,
    Duration receiptTimeLeft,
    boolean passphraseProtected) {

  /** Requires all parts but the end, and copies the labels. */
  public Receipt {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(note, "note");
    labels = Map.copyOf(labels);
    Objects.requireNonNull(createdAt, "createdAt");
    Objects.requireNonNull(expiresAt, "expiresAt");
    Objects.requireNonNull(receiptExpiresAt, "receiptExpiresAt");
    Objects.requireNonNull(timeLeft, "timeLeft");
    Objects.requireNonNull(receiptTimeLeft, "receiptTimeLeft");
  }

  /** Id and state only, so that neither the note nor labels reach a log by accident. */
  @Override
  public String toString() {
    return "Receipt[" + id + ", " + state + "]";
  }
}
