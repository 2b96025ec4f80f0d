package dev.secretvault.store;

/**
 * The medium was written by a newer release, in a format this one does not know. Nothing was
 * written. Upgrade.
 */
public final class StoreFormatException extends StoreException {

  private static final long serialVersionUID = 1L;

  /**
   * Describes what was met.
   *
   * @param message the medium, the format version found, and the newest one known
   */
  public StoreFormatException(String message) {
    super(message, Outcome.NOT_WRITTEN, false, null);
  }
}
