package dev.secretvault.crypto;

import java.util.Arrays;

/**
 * A change of a {@link Keyring} that is made but not yet in force: whoever asked for it stores its
 * {@link #header}, and then has the keyring {@linkplain Keyring#apply apply} it.
 */
public final class KeyringChange implements AutoCloseable {

  private final Keyring.State before;
  private final Keyring.State after;
  private boolean applied;

  KeyringChange(Keyring.State before, Keyring.State after) {
    this.before = before;
    this.after = after;
  }

  /** {@return the vault's header after the change; a new array} */
  public byte[] header() {
    return after.header().bytes().clone();
  }

  Keyring.State before() {
    return before;
  }

  /** To be put in force. */
  Keyring.State take() {
    applied = true;
    return after;
  }

  /** Overwrites the keys of a change that was not applied. */
  @Override
  public void close() {
    if (!applied && after.rootKey() != before.rootKey()) {
      Arrays.fill(after.rootKey(), (byte) 0);
    }
  }

  /** Says nothing of the keys. */
  @Override
  public String toString() {
    return "KeyringChange[hidden]";
  }
}
