package dev.secretvault;

/**
 * The secret had {@link Disclosure#ONCE}, or was shared by a link that opens once, and was revealed
 * before: its value is gone for good. If nobody on your side revealed it, somebody else did.
 * Nothing was changed.
 */
public final class AlreadyRevealedException extends VaultException {

  private static final long serialVersionUID = 1L;

  AlreadyRevealedException() {
    super("already-revealed", "the secret was revealed before, and its value is gone", null);
  }
}
