package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What a frame says about a commit before the values come: the document from its start up to the
 * bracket that opens the values.
 *
 * @param number which commit this is; 0 in the base of a log, which is no commit
 * @param steps its changes, in their order
 */
record FrameHead(long number, List<Step> steps) {

  /** The longest head, rounded up: {@link SecretStore#MAX_CHANGES} puts take 236 bytes each. */
  static final int MAX_LENGTH = 1 << 18;

  /** What is between the values and the end of the frame. */
  static final byte[] CLOSING = {']', '}', '\n'};

  /** The longest text of a value. */
  static final int MAX_VALUE = (Change.MAX_BYTES + 2) / 3 * 4;

  /** The most that the texts of all values of a frame can be together. */
  static final int MAX_VALUES =
      (SecretStore.MAX_COMMIT_BYTES + 2 * SecretStore.MAX_CHANGES) / 3 * 4;

  /** The longest frame, rounded up. */
  static final int MAX_FRAME = MAX_LENGTH + MAX_VALUES + 3 * SecretStore.MAX_CHANGES + 16;

  /**
   * One change.
   *
   * @param precondition the revision that must be stored before, 0 for none
   * @param revision the one that a put gives or a deletion ends
   * @param expiresAt milliseconds since 1970, or {@link #NEVER}
   * @param length how long the text of a put's value is
   * @param checksum the CRC32C of that text
   */
  record Step(
      RecordKey key,
      boolean isPut,
      long precondition,
      long revision,
      long expiresAt,
      int length,
      int checksum) {
    static final long NEVER = -1;

    /** A change that counts on from the revision that is stored. */
    Step(RecordKey key, boolean isPut, long revision, long expiresAt, int length, int checksum) {
      this(key, isPut, isPut ? revision - 1 : revision, revision, expiresAt, length, checksum);
    }

    /** A put of a value with that text. */
    static Step put(Change.Put put, byte[] text) {
      return new Step(
          put.key(),
          true,
          put.expectedRevision(),
          put.newRevision(),
          put.expiresAt() == null ? NEVER : put.expiresAt().toEpochMilli(),
          text.length,
          Checksum.of(text, 0, text.length));
    }

    static Step delete(RecordKey key, long revision) {
      return new Step(key, false, revision, NEVER, 0, 0);
    }

    private void write(JsonGenerator json) {
      json.writeStartObject();
      json.writeStringProperty("k", key.text());
      if (isPut) {
        json.writeNumberProperty("r", revision);
        if (precondition != revision - 1) {
          json.writeNumberProperty("p", precondition);
        }
        if (expiresAt != NEVER) {
          json.writeNumberProperty("x", expiresAt);
        }
        json.writeNumberProperty("l", length);
        json.writeStringProperty("s", Checksum.text(checksum));
      } else {
        json.writeNumberProperty("d", revision);
      }
      json.writeEndObject();
    }

    /** Reads all behind the opening brace. */
    private static Step read(JsonParser json) throws FrameException {
      RecordKey key = key(Json.string(json, "k"));
      String kind = json.nextName();
      Step step;
      if ("d".equals(kind)) {
        step = delete(key, Json.number(json, 1, Long.MAX_VALUE));
      } else if ("r".equals(kind)) {
        long revision = Json.number(json, 1, Long.MAX_VALUE);
        long precondition = revision - 1;
        long expiresAt = NEVER;
        String next = json.nextName();
        if ("p".equals(next)) {
          precondition = Json.number(json, 0, Long.MAX_VALUE);
          if (precondition >= revision - 1) {
            throw new FrameException("a copy does not leave out a revision");
          }
          next = json.nextName();
        }
        if ("x".equals(next)) {
          expiresAt = Json.number(json, 0, Long.MAX_VALUE);
          next = json.nextName();
        }
        if (!"l".equals(next)) {
          throw new FrameException("member \"l\" is missing or not in its place");
        }
        int length = (int) Json.number(json, 0, MAX_VALUE);
        if (length % 4 != 0) {
          throw new FrameException("a value has no length that base64 can have");
        }
        int checksum = checksum(Json.string(json, "s"));
        step = new Step(key, true, precondition, revision, expiresAt, length, checksum);
      } else {
        throw new FrameException("a change is neither a put nor a deletion");
      }
      Json.token(json, JsonToken.END_OBJECT);
      return step;
    }

    private static RecordKey key(String text) throws FrameException {
      try {
        return new RecordKey(text);
      } catch (IllegalArgumentException bad) {
        throw new FrameException("a key has a length or a character that keys cannot have");
      }
    }

    private static int checksum(String text) throws FrameException {
      if (text.length() != Checksum.DIGITS) {
        throw new FrameException("a checksum is not 8 lower-case hexadecimal digits");
      }
      return Checksum.parse(text.getBytes(java.nio.charset.StandardCharsets.UTF_8), 0);
    }
  }

  byte[] encode() {
    return Json.write(
        json -> {
          json.writeStartObject();
          json.writeNumberProperty("n", number);
          json.writeArrayPropertyStart("c");
          steps.forEach(step -> step.write(json));
          json.writeEndArray();
          json.writeArrayPropertyStart("v");
        });
  }

  /** How many bytes follow the head: values, their quotes and commas, {@link #CLOSING}. */
  int tailLength() {
    int length = CLOSING.length;
    int puts = 0;
    for (Step step : steps) {
      if (step.isPut()) {
        length += 2 + step.length();
        puts++;
      }
    }
    return length + Math.max(0, puts - 1);
  }

  /** What is wrong with the head that a range begins with, which {@link HeadScanner} refused. */
  static FrameException fault(byte[] bytes, int offset, int length) {
    try {
      FrameHead unused = parse(bytes, offset, length);
      return new FrameException("it is not spelled as this format spells it");
    } catch (FrameException fault) {
      return fault;
    }
  }

  /**
   * Reads the head that a range begins with, in whatever way its JSON is spelled: {@link #encode}
   * spells it in one way only.
   */
  static FrameHead parse(byte[] bytes, int offset, int length) throws FrameException {
    try (JsonParser json = Json.parser(bytes, offset, length)) {
      Json.token(json, JsonToken.START_OBJECT);
      long number = Json.number(json, "n", 0, Long.MAX_VALUE);
      Json.name(json, "c");
      Json.token(json, JsonToken.START_ARRAY);
      List<Step> steps = new ArrayList<>();
      long values = 0;
      while (json.nextToken() == JsonToken.START_OBJECT) {
        Step step = Step.read(json);
        steps.add(step);
        values += step.length();
        if (steps.size() > SecretStore.MAX_CHANGES || values > MAX_VALUES) {
          throw new FrameException("there is more in a commit than a commit can have");
        }
      }
      if (json.currentToken() != JsonToken.END_ARRAY) {
        throw new FrameException("the changes are not a list of changes");
      }
      Json.name(json, "v");
      Json.token(json, JsonToken.START_ARRAY);
      return new FrameHead(number, steps);
    } catch (JacksonException notJson) {
      throw new FrameException("it is not JSON");
    }
  }
}
