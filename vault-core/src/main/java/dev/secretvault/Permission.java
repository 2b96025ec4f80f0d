package dev.secretvault;

import java.util.Set;

/** What a view of a vault may do: see {@link SecretVault#restrictedTo(Set)}. */
public enum Permission {
  /** Create secrets. */
  CREATE,
  /** Update, rotate, roll back and retire. */
  UPDATE,
  /** Activate and deactivate. */
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
