package dev.secretvault;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an audit trail's records before they are sealed; {@code docs/FORMAT.md}, sections
 * 3.5 and 3.6, is the layout.
 */
final class AuditCodec {

  static final int MAC_BYTES = 32;

  private static final byte LAYOUT = 1;
  private static final int HEAD_BYTES = 1 + 5 * Long.BYTES + 1 + 3 * MAC_BYTES;
  private static final List<Boolean> REVEALS = List.of(false, true);

  // What stands for a constant is written down here, so that renaming or reordering the enum
  // changes no format.
  private static final List<AuditEvent.Kind> KINDS =
      List.of(
          AuditEvent.Kind.CREATED,
          AuditEvent.Kind.UPDATED,
          AuditEvent.Kind.ROTATED,
          AuditEvent.Kind.REPLACED,
          AuditEvent.Kind.ACTIVATED,
          AuditEvent.Kind.DEACTIVATED,
          AuditEvent.Kind.ROLLED_BACK,
          AuditEvent.Kind.RETIRED,
          AuditEvent.Kind.DELETED,
          AuditEvent.Kind.REVEALED,
          AuditEvent.Kind.EXPIRED,
          AuditEvent.Kind.PASSPHRASE_TRIED,
          AuditEvent.Kind.PASSPHRASE_ACCEPTED,
          AuditEvent.Kind.PASSPHRASE_LOCKED,
          AuditEvent.Kind.UNLOCK_ADDED,
          AuditEvent.Kind.UNLOCK_REMOVED,
          AuditEvent.Kind.MASTER_KEY_CHANGED,
          AuditEvent.Kind.EPOCH_BEGUN,
          AuditEvent.Kind.EPOCH_RETIRED,
          AuditEvent.Kind.RECORD_DISCARDED,
          AuditEvent.Kind.SHARED,
          AuditEvent.Kind.PEEKED,
          AuditEvent.Kind.SHOWN,
          AuditEvent.Kind.BURNED,
          AuditEvent.Kind.ORPHANED);

  private AuditCodec() {}

  /** An event with the bytes that it was made of, and its MAC, which ends them. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Linked(AuditEvent event, byte[] said, byte[] mac) {}

  /** All of an event but its number, which is in its key, and its MAC. */
  static byte[] encode(Act act, Instant at) {
    byte[] secret = ascii(act.secret());
    byte[] actor = act.actor() == null ? new byte[0] : utf8(act.actor());
    return ByteBuffer.allocate(
            2 + Long.BYTES + Integer.BYTES + 2 * Short.BYTES + secret.length + actor.length)
        .put(LAYOUT)
        .put((byte) KINDS.indexOf(act.kind()))
        .putLong(at.toEpochMilli())
        .putInt(act.version())
        .putShort((short) secret.length)
        .put(secret)
        .putShort((short) actor.length)
        .put(actor)
        .array();
  }

  static Linked decode(long sequence, byte[] encoded) {
    try {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      requireLayout(in.get());
      int kind = in.get();
      if (kind >= KINDS.size()) {
        throw newer("an event is of a kind that this release does not know: upgrade");
      }
      Instant at = Instant.ofEpochMilli(in.getLong());
      int version = in.getInt();
      String secret = takeText(in);
      String actor = takeText(in);
      byte[] said = new byte[in.position()];
      in.get(0, said);
      byte[] mac = takeMac(in);
      requireEnd(in);
      return new Linked(
          new AuditEvent(
              sequence,
              at,
              KINDS.get(kind),
              secret.isEmpty() ? null : SecretId.of(secret),
              version,
              actor.isEmpty() ? null : actor),
          said,
          mac);
    } catch (BufferUnderflowException
        | IndexOutOfBoundsException
        | IllegalArgumentException
        | CharacterCodingException e) {
      throw malformed();
    }
  }

  /** All of a head but its own MAC, which the caller appends. */
  static byte[] encode(AuditHead head) {
    return ByteBuffer.allocate(HEAD_BYTES - MAC_BYTES)
        .put(LAYOUT)
        .putLong(head.first())
        .putLong(head.last())
        .putLong(head.firstAt().toEpochMilli())
        .putLong(head.policy().events())
        .putLong(head.policy().age().toMillis())
        .put((byte) REVEALS.indexOf(head.policy().reveals()))
        .put(head.macBeforeFirst())
        .put(head.macOfLast())
        .array();
  }

  /** A head without its own MAC, which the caller has verified. */
  static AuditHead decodeHead(byte[] encoded, long revision) {
    try {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      requireLayout(in.get());
      AuditHead head =
          new AuditHead(
              revision,
              in.getLong(),
              in.getLong(),
              Instant.ofEpochMilli(in.getLong()),
              new AuditPolicy(in.getLong(), Duration.ofMillis(in.getLong()), REVEALS.get(in.get())),
              takeMac(in),
              takeMac(in));
      requireEnd(in);
      return head;
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw malformed();
    }
  }

  private static void requireLayout(byte layout) {
    if (layout != LAYOUT) {
      throw newer(
          "an audit trail has layout " + layout + ", the newest known is " + LAYOUT + ": upgrade");
    }
  }

  private static void requireEnd(ByteBuffer in) {
    if (in.hasRemaining()) {
      throw malformed();
    }
  }

  private static byte[] takeMac(ByteBuffer in) {
    byte[] mac = new byte[MAC_BYTES];
    in.get(mac);
    return mac;
  }

  private static String takeText(ByteBuffer in) throws CharacterCodingException {
    byte[] utf8 = new byte[Short.toUnsignedInt(in.getShort())];
    in.get(utf8);
    return new String(Text.decode(utf8));
  }

  private static byte[] ascii(@Nullable SecretId secret) {
    return secret == null ? new byte[0] : secret.text().getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static UnsupportedFormatException newer(String message) {
    return new UnsupportedFormatException(message, null);
  }

  private static IntegrityException malformed() {
    return new IntegrityException("a record of an audit trail is malformed", null);
  }
}
