package dev.secretvault;

/** What may be done with a secret now. */
public enum SecretState {
  /** Gives neither value nor digest until it is {@linkplain SecretVault#activate activated}. */
  INACTIVE,
  /** In use. */
  ACTIVE,
  /**
   * Had {@link Disclosure#ONCE} and was revealed: its value is gone. Never changes again; can only
   * be deleted.
   */
  REVEALED
}
