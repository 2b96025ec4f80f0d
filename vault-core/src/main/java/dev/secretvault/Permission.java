package dev.secretvault;

import java.util.Set;

/**
 * What a view of a vault may do: see {@link SecretVault#restrictedTo(Set)}. A method that does
 * several of these takes the permissions for all of them.
 */
public enum Permission {
  /** Create and put secrets, share one-time secrets, and see generated values of those. */
  CREATE,
  /** Update, rotate, put, roll back and retire. */
  UPDATE,
  /**
   * Activate, deactivate, and choose what is in use by creating active, putting and rolling back.
   */
  ACTIVATE,
  /** Delete, and burn one-time secrets. */
  DELETE,
  /** Reveal values, and look at one-time secrets by their links. */
  REVEAL,
  /** Make and verify digests, and compare values without revealing them. */
  DIGEST,
  /** Describe, find and list secrets, and show receipts, without their values. */
  LIST,
  /** Show and change the vault's keys. */
  MANAGE_KEYS,
  /** Read the audit trail. */
  AUDIT
}
