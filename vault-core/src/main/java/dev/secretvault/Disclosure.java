package dev.secretvault;

/**
 * When a secret's value may be revealed. Set at creation, never changed. Digests do not depend on
 * it.
 */
public enum Disclosure {
  /** Any time, while the secret is active. The default of a secret whose value was given. */
  REVEALABLE,
  /** In {@link CreatedSecret} only. The default of a secret whose value was generated. */
  AT_CREATION,
  /**
   * To the first {@link SecretVault#reveal(SecretId)}: then the value is gone, and digests with it.
   */
  ONCE
}
