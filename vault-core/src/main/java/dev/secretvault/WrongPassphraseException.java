package dev.secretvault;

/**
 * The secret is protected by a passphrase, and none was given or a wrong one. Ask for the right
 * one. Nothing was revealed; a wrong one was counted, none at all was not.
 */
public final class WrongPassphraseException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #attemptsLeft()}. */
  private final int attemptsLeft;

  WrongPassphraseException(int attemptsLeft) {
    super(
        "wrong-passphrase",
        "the passphrase is missing or wrong; wrong ones left: " + attemptsLeft,
        null);
    this.attemptsLeft = attemptsLeft;
  }

  /**
   * {@return how many wrong passphrases are left to this caller before even the right one is
   * refused for a while}
   */
  public int attemptsLeft() {
    return attemptsLeft;
  }
}
