package dev.secretvault;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
  private static final long NEVER = Long.MIN_VALUE;

  // What stands for a constant is written down here, so that reordering the enum changes no format.
  private static final List<OneTimeState> STATES =
      List.of(
          OneTimeState.NEW,
          OneTimeState.REVEALED,
          OneTimeState.BURNED,
          OneTimeState.EXPIRED,
          OneTimeState.ORPHANED);

  private static final List<Boolean> PROTECTED = List.of(false, true);

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
    byte[] noteText = utf8(note);
    Map<String, String> sorted = new TreeMap<>(labels);
    int size = 3 + 3 * Long.BYTES + 2 * Short.BYTES + noteText.length;
    for (Map.Entry<String, String> label : sorted.entrySet()) {
      size += 2 * Short.BYTES + utf8(label.getKey()).length + utf8(label.getValue()).length;
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    out.put(LAYOUT).put((byte) STATES.indexOf(state)).put((byte) (passphraseProtected ? 1 : 0));
    out.putLong(createdAt.toEpochMilli()).putLong(expiresAt.toEpochMilli());
    out.putLong(endedAt == null ? NEVER : endedAt.toEpochMilli());
    putText(out, noteText);
    out.putShort((short) sorted.size());
    for (Map.Entry<String, String> label : sorted.entrySet()) {
      putText(out, utf8(label.getKey()));
      putText(out, utf8(label.getValue()));
    }
    return out.array();
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
      boolean passphraseProtected = PROTECTED.get(in.get());
      Instant createdAt = Instant.ofEpochMilli(in.getLong());
      Instant expiresAt = Instant.ofEpochMilli(in.getLong());
      long endedAt = in.getLong();
      String note = takeText(in);
      Map<String, String> labels = new LinkedHashMap<>();
      for (int count = Short.toUnsignedInt(in.getShort()); count > 0; count--) {
        labels.put(takeText(in), takeText(in));
      }
      if (in.hasRemaining()) {
        throw malformed();
      }
      return new OneTimeRecord(
          id,
          revision,
          state,
          note,
          labels,
          createdAt,
          expiresAt,
          endedAt == NEVER ? null : Instant.ofEpochMilli(endedAt),
          passphraseProtected);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | CharacterCodingException e) {
      throw malformed();
    }
  }

  private static IntegrityException malformed() {
    return new IntegrityException("the record of a one-time secret is malformed", null);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void putText(ByteBuffer out, byte[] utf8) {
    out.putShort((short) utf8.length).put(utf8);
  }

  private static String takeText(ByteBuffer in) throws CharacterCodingException {
    byte[] utf8 = new byte[Short.toUnsignedInt(in.getShort())];
    in.get(utf8);
    return new String(Text.decode(utf8));
  }

  /** Says nothing of the note and the labels. */
  @Override
  public String toString() {
    return "OneTimeRecord[" + id + ", " + state + "]";
  }
}
