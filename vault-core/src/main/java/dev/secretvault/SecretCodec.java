package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The bytes of a secret's record before they are sealed; {@code docs/FORMAT.md}, section 3, is the
 * layout.
 */
final class SecretCodec {

  private static final byte LAYOUT = 1;

  // What stands for a constant is written down here, so that renaming or reordering an enum changes
  // no format.
  private static final List<SecretState> STATES =
      List.of(SecretState.INACTIVE, SecretState.ACTIVE, SecretState.REVEALED);
  private static final List<Disclosure> DISCLOSURES =
      List.of(Disclosure.REVEALABLE, Disclosure.AT_CREATION, Disclosure.ONCE);
  private static final List<Version.State> VERSION_STATES =
      List.of(
          Version.State.PENDING,
          Version.State.CURRENT,
          Version.State.PREVIOUS,
          Version.State.RETIRED);

  private SecretCodec() {}

  static byte[] encode(SecretInfo info) {
    byte[] name = Fields.text(info.name());
    byte[] description = Fields.text(info.description());
    byte[] labels = Fields.labels(info.labels());
    int texts = name.length + description.length + labels.length;
    int versions = info.versions().size() * (Integer.BYTES + 1 + 2 * Long.BYTES);
    ByteBuffer out = ByteBuffer.allocate(4 + 4 * Long.BYTES + texts + Short.BYTES + versions);
    out.put(LAYOUT);
    out.put((byte) STATES.indexOf(info.state()));
    out.put((byte) DISCLOSURES.indexOf(info.disclosure()));
    out.put(Fields.flag(info.passphraseProtected()));
    out.putLong(Fields.millis(info.createdAt())).putLong(Fields.millis(info.activatedAt()));
    out.putLong(Fields.millis(info.expiresAt())).putLong(Fields.millis(info.notBefore()));
    out.put(name).put(description).put(labels);
    out.putShort((short) info.versions().size());
    for (Version version : info.versions()) {
      out.putInt(version.number());
      out.put((byte) VERSION_STATES.indexOf(version.state()));
      out.putLong(Fields.millis(version.createdAt())).putLong(version.currentSince());
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
  static SecretInfo decode(SecretId id, long revision, byte[] encoded) {
    try {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      byte layout = in.get();
      if (layout != LAYOUT) {
        throw new UnsupportedFormatException(
            "a secret has layout " + layout + ", the newest known is " + LAYOUT + ": upgrade",
            null);
      }
      SecretState state = STATES.get(in.get());
      Disclosure disclosure = DISCLOSURES.get(in.get());
      boolean passphraseProtected = Fields.takeFlag(in);
      Instant createdAt = Instant.ofEpochMilli(in.getLong());
      Instant activatedAt = Fields.takeMoment(in);
      Instant expiresAt = Fields.takeMoment(in);
      Instant notBefore = Fields.takeMoment(in);
      String name = Fields.takeText(in);
      String description = Fields.takeText(in);
      Map<String, String> labels = Fields.takeLabels(in);
      List<Version> versions = new ArrayList<>();
      for (int count = Short.toUnsignedInt(in.getShort()); count > 0; count--) {
        versions.add(
            new Version(
                in.getInt(),
                VERSION_STATES.get(in.get()),
                Instant.ofEpochMilli(in.getLong()),
                in.getLong()));
      }
      if (in.hasRemaining()) {
        throw malformed();
      }
      return new SecretInfo(
          id,
          name,
          description,
          labels,
          state,
          disclosure,
          versions,
          createdAt,
          activatedAt,
          expiresAt,
          notBefore,
          revision,
          passphraseProtected);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | CharacterCodingException e) {
      throw malformed();
    }
  }

  private static IntegrityException malformed() {
    return new IntegrityException("a secret's record is malformed", null);
  }
}
