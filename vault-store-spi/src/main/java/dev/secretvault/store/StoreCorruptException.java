package dev.secretvault.store;

import org.jspecify.annotations.Nullable;

/**
 * What is stored was damaged or is not a store at all. The message says where. Nothing was written.
 */
public final class StoreCorruptException extends StoreException {

  private static final long serialVersionUID = 1L;

  /**
   * Describes the damage.
   *
   * @param message the medium, the place, and what is wrong there
   * @param cause what a parser or the medium said, null if nothing
   */
  public StoreCorruptException(String message, @Nullable Throwable cause) {
    this(message, null, cause);
  }

  /**
   * Describes the damage of one record.
   *
   * @param message the medium, the place, and what is wrong there
   * @param record the record, null if others may be concerned
   * @param cause what a parser or the medium said, null if nothing
   */
  public StoreCorruptException(
      String message, @Nullable RecordKey record, @Nullable Throwable cause) {
    super(message, Outcome.NOT_WRITTEN, false, record, cause);
  }
}
