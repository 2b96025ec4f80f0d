package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a secret's record before they are sealed; {@code docs/FORMAT.md}, section 3, is the
 * layout.
 */
final class SecretCodec {

  private static final byte LAYOUT = 1;
  private static final long NEVER = Long.MIN_VALUE;

  // What stands for a constant is written down here, so that renaming or reordering an enum changes
  // no format.
  private static final List<SecretState> STATES =
      List.of(SecretState.INACTIVE, SecretState.ACTIVE, SecretState.REVEALED);
  private static final List<Disclosure> DISCLOSURES =
      List.of(Disclosure.REVEALABLE, Disclosure.AT_CREATION, Disclosure.ONCE);
  private static final List<Boolean> PROTECTED = List.of(false, true);
  private static final List<Version.State> VERSION_STATES =
      List.of(
          Version.State.PENDING,
          Version.State.CURRENT,
          Version.State.PREVIOUS,
          Version.State.RETIRED);

  private SecretCodec() {}

  static byte[] encode(SecretInfo info) {
    byte[] name = utf8(info.name());
    byte[] description = utf8(info.description());
    Map<String, String> labels = new TreeMap<>(info.labels());
    int size = 4 + 4 * Long.BYTES + 4 * Short.BYTES + name.length + description.length;
    for (Map.Entry<String, String> label : labels.entrySet()) {
      size += 2 * Short.BYTES + utf8(label.getKey()).length + utf8(label.getValue()).length;
    }
    size += info.versions().size() * (Integer.BYTES + 1 + 2 * Long.BYTES);
    ByteBuffer out = ByteBuffer.allocate(size);
    out.put(LAYOUT);
    out.put((byte) STATES.indexOf(info.state()));
    out.put((byte) DISCLOSURES.indexOf(info.disclosure()));
    out.put((byte) (info.passphraseProtected() ? 1 : 0));
    out.putLong(millis(info.createdAt())).putLong(millis(info.activatedAt()));
    out.putLong(millis(info.expiresAt())).putLong(millis(info.notBefore()));
    putText(out, name);
    putText(out, description);
    out.putShort((short) labels.size());
    for (Map.Entry<String, String> label : labels.entrySet()) {
      putText(out, utf8(label.getKey()));
      putText(out, utf8(label.getValue()));
    }
    out.putShort((short) info.versions().size());
    for (Version version : info.versions()) {
      out.putInt(version.number());
      out.put((byte) VERSION_STATES.indexOf(version.state()));
      out.putLong(millis(version.createdAt())).putLong(version.currentSince());
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
      boolean passphraseProtected = PROTECTED.get(in.get());
      Instant createdAt = Instant.ofEpochMilli(in.getLong());
      Instant activatedAt = instant(in.getLong());
      Instant expiresAt = instant(in.getLong());
      Instant notBefore = instant(in.getLong());
      String name = takeText(in);
      String description = takeText(in);
      Map<String, String> labels = new LinkedHashMap<>();
      for (int count = Short.toUnsignedInt(in.getShort()); count > 0; count--) {
        labels.put(takeText(in), takeText(in));
      }
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

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static long millis(@Nullable Instant moment) {
    return moment == null ? NEVER : moment.toEpochMilli();
  }

  private static @Nullable Instant instant(long millis) {
    return millis == NEVER ? null : Instant.ofEpochMilli(millis);
  }

  private static void putText(ByteBuffer out, byte[] utf8) {
    out.putShort((short) utf8.length).put(utf8);
  }

  private static String takeText(ByteBuffer in) throws CharacterCodingException {
    byte[] utf8 = new byte[Short.toUnsignedInt(in.getShort())];
    in.get(utf8);
    return new String(Text.decode(utf8));
  }
}
