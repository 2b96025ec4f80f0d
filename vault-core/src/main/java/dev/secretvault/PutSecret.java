package dev.secretvault;

import java.util.Objects;

/**
 * What {@link SecretVault#putIfChanged} has done.
 *
 * @param info the secret as it is now
 * @param outcome what was done to it
 */
public record PutSecret(SecretInfo info, Outcome outcome) {

  /** What may be done to a secret. */
  public enum Outcome {
    /** There was none of this name. */
    CREATED,
    /** It had another value, which still verifies. */
    CHANGED,
    /** It had this value, and was left as it was. */
    UNCHANGED
  }

  /** Requires both. */
  public PutSecret {
    Objects.requireNonNull(info, "info");
    Objects.requireNonNull(outcome, "outcome");
  }
}
