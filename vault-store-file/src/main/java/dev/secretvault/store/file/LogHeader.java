package dev.secretvault.store.file;

import dev.secretvault.store.StoreFormatException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The first line of a log.
 *
 * @param store 32 hexadecimal digits, drawn when the store was created, the same in each generation
 * @param generation the number in the name of the file
 * @param first the number of the next commit when the log was begun
 * @param base the checksum of the checksums of the lines that its base has
 */
record LogHeader(String store, long generation, long first, int base) {

  /** The longest first line of this version and of all to come, with its line feed. */
  static final int MAX_LENGTH = 1024;

  private static final String FORMAT = "secretvault-log";
  private static final int VERSION = 1;
  private static final int ID_BYTES = 16;
  private static final int PREFIX = Checksum.DIGITS + 1;

  /** The header of a store that did not exist so far. */
  static LogHeader create() {
    byte[] id = new byte[ID_BYTES];
    new SecureRandom().nextBytes(id);
    return new LogHeader(HexFormat.of().formatHex(id), 1, 1, 0);
  }

  /** This header, with the lines that the base has in the end; as long as it was. */
  LogHeader withBase(int checksum) {
    return new LogHeader(store, generation, first, checksum);
  }

  /** The whole line. */
  byte[] encode() {
    byte[] document =
        Json.write(
            json -> {
              json.writeStartObject();
              json.writeStringProperty("format", FORMAT);
              json.writeNumberProperty("version", VERSION);
              json.writeStringProperty("store", store);
              json.writeNumberProperty("generation", generation);
              json.writeNumberProperty("first", first);
              json.writeStringProperty("base", Checksum.text(base));
              json.writeEndObject();
            });
    String checksum = Checksum.text(Checksum.of(document, 0, document.length));
    return (checksum + " " + new String(document, StandardCharsets.UTF_8) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the line that {@code bytes} begin with.
   *
   * @param file where the bytes come from, for the message
   * @throws FrameException if there is no such line
   * @throws StoreFormatException if there is one, of a newer version
   */
  static LogHeader parse(byte[] bytes, long generation, Path file) throws FrameException {
    int end = 0;
    while (end < bytes.length && bytes[end] != '\n') {
      end++;
    }
    if (end == bytes.length || end < PREFIX) {
      throw new FrameException("the first line is cut off");
    }
    if (Checksum.parse(bytes, 0) != Checksum.of(bytes, PREFIX, end - PREFIX)
        || bytes[Checksum.DIGITS] != ' ') {
      throw new FrameException("the first line does not match its checksum");
    }
    LogHeader header;
    try (JsonParser json = Json.parser(bytes, PREFIX, end - PREFIX)) {
      Json.token(json, JsonToken.START_OBJECT);
      if (!Json.string(json, "format").equals(FORMAT)) {
        throw new FrameException("this is the first line of something else than a log");
      }
      long version = Json.number(json, "version", 1, Integer.MAX_VALUE);
      if (version > VERSION) {
        // All else may have another form by then, so it is not looked at.
        throw new StoreFormatException(
            file
                + " has format version "
                + version
                + ", but this release knows none above "
                + VERSION
                + "; use a newer release");
      }
      String store = Json.string(json, "store");
      if (!store.matches("[0-9a-f]{" + 2 * ID_BYTES + "}")) {
        throw new FrameException("the store's number is not " + 2 * ID_BYTES + " digits");
      }
      long stated = Json.number(json, "generation", generation, generation);
      long first = Json.number(json, "first", 1, generation == 1 ? 1 : Long.MAX_VALUE);
      String base = Json.string(json, "base");
      if (!base.matches("[0-9a-f]{" + Checksum.DIGITS + "}")) {
        throw new FrameException("the checksum of the base is not " + Checksum.DIGITS + " digits");
      }
      header = new LogHeader(store, stated, first, Integer.parseUnsignedInt(base, 16));
    } catch (JacksonException notJson) {
      throw new FrameException("the first line is not JSON");
    }
    if (generation == 1 && header.base() != 0) {
      throw new FrameException("the first log of a store has no base");
    }
    if (!Arrays.equals(header.encode(), Arrays.copyOf(bytes, end + 1))) {
      throw new FrameException("the first line is not as this format writes it");
    }
    return header;
  }
}
