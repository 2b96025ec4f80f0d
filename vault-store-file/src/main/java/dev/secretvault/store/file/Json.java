package dev.secretvault.store.file;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/** Members in a fixed order, written and read one by one. */
final class Json {

  /** Longer than any string that a writer writes outside of a value. */
  private static final int MAX_STRING = 256;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // The head of a frame ends inside of two open brackets, which are closed behind its
          // values.
          .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(MAX_STRING)
                  .maxNameLength(MAX_STRING)
                  .maxNumberLength(MAX_STRING)
                  .maxNestingDepth(4)
                  .build())
          .build();

  private Json() {}

  static byte[] write(Consumer<JsonGenerator> content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
      content.accept(json);
    }
    return out.toByteArray();
  }

  static JsonParser parser(byte[] bytes, int offset, int length) {
    return FACTORY.createParser(ObjectReadContext.empty(), bytes, offset, length);
  }

  static void token(JsonParser json, JsonToken expected) throws FrameException {
    if (json.nextToken() != expected) {
      throw new FrameException("its JSON is not built as this format builds it");
    }
  }

  static void name(JsonParser json, String expected) throws FrameException {
    if (!expected.equals(json.nextName())) {
      throw new FrameException("member \"" + expected + "\" is missing or not in its place");
    }
  }

  static String string(JsonParser json, String name) throws FrameException {
    name(json, name);
    token(json, JsonToken.VALUE_STRING);
    return json.getString();
  }

  static long number(JsonParser json, String name, long least, long most) throws FrameException {
    name(json, name);
    return number(json, least, most);
  }

  /** The number behind a name that was read already. */
  static long number(JsonParser json, long least, long most) throws FrameException {
    token(json, JsonToken.VALUE_NUMBER_INT);
    if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
        || json.getLongValue() < least
        || json.getLongValue() > most) {
      throw new FrameException("a number is not between " + least + " and " + most);
    }
    return json.getLongValue();
  }
}
