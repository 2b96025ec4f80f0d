package dev.secretvault;

import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;

/**
 * The value of a secret, held in one array that {@link #close} overwrites with zeros.
 *
 * <p>An instance owns its array and lends it for the length of a call. It has identity equality, is
 * not serializable, and its {@link #toString} says nothing, so that a value cannot slip into a map,
 * a stream or a log. Overwriting is best effort: the Java platform may have moved the array before
 * and left the old copy behind.
 *
 * <p>Not thread-safe. Whoever received it closes it.
 */
public final class SecretValue implements AutoCloseable {

  private final byte[] bytes;
  private boolean closed;

  /** Takes the array over. */
  SecretValue(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Lends the value as bytes: those that were given at creation, or the UTF-8 form of the text that
   * was.
   *
   * @param reader what to do with them; must neither keep nor change the array
   * @return what the reader returned
   * @param <T> the type of that
   * @throws IllegalStateException if this is closed
   */
  public <T> T use(Function<byte[], T> reader) {
    Objects.requireNonNull(reader, "reader");
    requireOpen();
    return reader.apply(bytes);
  }

  /**
   * Lends the value as text, in an array that is overwritten when the reader is done.
   *
   * @param reader what to do with it; must not keep the array
   * @return what the reader returned
   * @param <T> the type of that
   * @throws IllegalStateException if this is closed, or if the value is not text in UTF-8
   */
  public <T> T useChars(Function<char[], T> reader) {
    Objects.requireNonNull(reader, "reader");
    requireOpen();
    char[] text;
    try {
      text = Text.decode(bytes);
    } catch (CharacterCodingException e) {
      throw new IllegalStateException("the value is not text in UTF-8: use(...) lends its bytes");
    }
    try {
      return reader.apply(text);
    } finally {
      Arrays.fill(text, '\0');
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the value is closed");
    }
  }

  /** Overwrites the value. Closing twice is closing once. */
  @Override
  public void close() {
    closed = true;
    Arrays.fill(bytes, (byte) 0);
  }

  /** Says nothing of the value, not even its length. */
  @Override
  public String toString() {
    return "SecretValue[hidden]";
  }
}
