package dev.secretvault;

import java.util.Set;

/**
 * What a view of a vault may do: see {@link SecretVault#restrictedTo(Set)}. A method that does
 * several of these takes the permissions for all of them.
 */
public enum Permission {
  /** Create and put secrets. */
  CREATE,
  /** Update, rotate, put, roll back and retire. */
  UPDATE,
  /**
   * Activate, deactivate, and choose what is in use by creating active, putting and rolling back.
   */
  ACTIVATE,
  /** Delete. */
  DELETE,
  /** Reveal values. */
  REVEAL,
  /** Make and verify digests, and compare values without revealing them. */
  DIGEST,
  /** Describe, find and list secrets, without their values. */
  LIST,
  /** Show and change the vault's keys. */
  MANAGE_KEYS,
  /** Read the audit trail. */
  AUDIT
}
