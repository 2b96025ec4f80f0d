package dev.secretvault;

/** What may be done with a secret now. */
public enum SecretState {
  /** Gives neither value nor digest until it is {@linkplain SecretVault#activate activated}. */
  INACTIVE,
  /** In use. */
  ACTIVE,
  /**
   * Had {@link Disclosure#ONCE} and was revealed: its value is gone, for good. State, versions and
   * times never change again. What is said of it can be {@linkplain SecretVault#update updated},
   * and it can be deleted.
   */
  REVEALED
}
