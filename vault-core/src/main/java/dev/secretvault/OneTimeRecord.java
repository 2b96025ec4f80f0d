package dev.secretvault;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A one-time secret as it is stored, without its value; {@code docs/FORMAT.md}, section 3, is the
 * layout.
 *
 * @param state {@link OneTimeState#NEW} until somebody ended it, or noticed that it has ended
 */
record OneTimeRecord(
    SecretId id,
    long revision,
    OneTimeState state,
    String note,
    Map<String, String> labels,
    Instant createdAt,
    Instant expiresAt,
    @Nullable Instant endedAt,
    boolean passphraseProtected) {

  private static final byte LAYOUT = 1;

  // What stands for a constant is written down here, so that reordering the enum changes no format.
  private static final List<OneTimeState> STATES =
      List.of(
          OneTimeState.NEW,
          OneTimeState.REVEALED,
          OneTimeState.BURNED,
          OneTimeState.EXPIRED,
          OneTimeState.ORPHANED);

  /** The same, ended. */
  OneTimeRecord ended(OneTimeState how, @Nullable Instant when) {
    return new OneTimeRecord(
        id, revision + 1, how, note, labels, createdAt, expiresAt, when, passphraseProtected);
  }

  boolean isNew() {
    return state == OneTimeState.NEW;
  }

  /** The receipt outlives the secret by as long as the secret could have lived. */
  Instant receiptExpiresAt() {
    return expiresAt.plus(Duration.between(createdAt, expiresAt));
  }

  /** When something has to be done about it: its value be deleted, or else its receipt. */
  Instant due() {
    return isNew() ? expiresAt : receiptExpiresAt();
  }

  private Duration timeLeft(Instant now) {
    return isNew() ? left(now, expiresAt) : Duration.ZERO;
  }

  private static Duration left(Instant now, Instant end) {
    return now.isBefore(end) ? Duration.between(now, end) : Duration.ZERO;
  }

  Receipt receipt(Instant now) {
    return new Receipt(
        id,
        state,
        note,
        labels,
        createdAt,
        expiresAt,
        endedAt,
        receiptExpiresAt(),
        timeLeft(now),
        left(now, receiptExpiresAt()),
        passphraseProtected);
  }

  OneTimeInfo info(Instant now) {
    return new OneTimeInfo(
        state, createdAt, expiresAt, endedAt, timeLeft(now), passphraseProtected);
  }

  byte[] encode() {
    byte[] noteField = Fields.text(note);
    byte[] labelFields = Fields.labels(labels);
    return ByteBuffer.allocate(3 + 3 * Long.BYTES + noteField.length + labelFields.length)
        .put(LAYOUT)
        .put((byte) STATES.indexOf(state))
        .put(Fields.flag(passphraseProtected))
        .putLong(Fields.millis(createdAt))
        .putLong(Fields.millis(expiresAt))
        .putLong(Fields.millis(endedAt))
        .put(noteField)
        .put(labelFields)
        .array();
  }

  /**
   * Decodes what was sealed for this id and revision.
   *
   * @throws UnsupportedFormatException if the layout is a newer one
   * @throws IntegrityException if the bytes are none that {@link #encode} makes: they are
   *     authentic, so a defect made them
   */
  static OneTimeRecord decode(SecretId id, long revision, byte[] encoded) {
    try {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      byte layout = in.get();
      if (layout != LAYOUT) {
        throw new UnsupportedFormatException(
            "a one-time secret has layout "
                + layout
                + ", the newest known is "
                + LAYOUT
                + ": upgrade",
            null);
      }
      OneTimeState state = STATES.get(in.get());
      boolean passphraseProtected = Fields.takeFlag(in);
      Instant createdAt = Instant.ofEpochMilli(in.getLong());
      Instant expiresAt = Instant.ofEpochMilli(in.getLong());
      Instant endedAt = Fields.takeMoment(in);
      String note = Fields.takeText(in);
      Map<String, String> labels = Fields.takeLabels(in);
      if (in.hasRemaining()) {
        throw malformed();
      }
      return new OneTimeRecord(
          id, revision, state, note, labels, createdAt, expiresAt, endedAt, passphraseProtected);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | CharacterCodingException e) {
      throw malformed();
    }
  }

  private static IntegrityException malformed() {
    return new IntegrityException("the record of a one-time secret is malformed", null);
  }

  /** Says nothing of the note and the labels. */
  @Override
  public String toString() {
    return "OneTimeRecord[" + id + ", " + state + "]";
  }
}
