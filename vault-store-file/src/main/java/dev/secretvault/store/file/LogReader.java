package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreFormatException;
import dev.secretvault.store.file.FrameHead.Step;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Reads a log from front to back and believes nothing: whatever differs from what a writer writes
 * is either what a crash leaves at the very end, or damage.
 *
 * <p>Changes nothing on disk. Needs memory for a window, and for a torn tail, however long the log.
 */
final class LogReader {

  private static final int PREFIX = Checksum.DIGITS + 1;
  private static final int CHUNK = 1 << 16;

  private final DiskFile file;
  private final Path path;
  private final long size;
  private final Window window;

  LogReader(DiskFile file, Path path) throws IOException {
    this.file = file;
    this.path = path;
    this.size = file.size();
    this.window = new Window(file, size);
  }

  /**
   * Reads the first line.
   *
   * @throws StoreCorruptException if it is damaged; no crash does that, as a log gets its name once
   *     its first line is forced
   * @throws StoreFormatException if a newer release wrote it
   */
  LogHeader header(long generation) throws IOException {
    int at = window.show(0, LogHeader.MAX_LENGTH);
    byte[] start =
        Arrays.copyOfRange(
            window.bytes(), at, at + Math.min(window.shown(0), LogHeader.MAX_LENGTH));
    try {
      return LogHeader.parse(start, generation, path);
    } catch (FrameException damage) {
      throw corrupt(0, damage.reason());
    }
  }

  /**
   * Checks all frames from an offset on and enters them into the index.
   *
   * @param from where a frame begins, or the log ends
   * @param number the number of that frame
   * @throws StoreCorruptException if the log is damaged
   */
  Replayed replay(long from, long number, Index index) throws IOException {
    Map<RecordKey, Long> damagedValues = new HashMap<>();
    long last = from;
    long position = from;
    long next = number;
    while (position < size) {
      ReadFrame frame;
      try {
        frame = frameAt(position);
      } catch (FrameException broken) {
        byte[] tail = tail(position);
        if (!TornTail.canBe(tail, next)) {
          throw corrupt(position, broken.reason());
        }
        checkValues(damagedValues);
        return new Replayed(last, position, next, tail.length);
      }
      checkMeaning(frame.head(), next, index, position);
      if (!frame.damaged().isEmpty() && frame.end() == size) {
        checkValues(damagedValues);
        return new Replayed(last, position, next, (int) (size - position));
      }
      note(damagedValues, frame);
      index.apply(frame.head(), frame.values());
      last = position;
      position = frame.end();
      next++;
    }
    checkValues(damagedValues);
    return new Replayed(last, position, next, 0);
  }

  /**
   * A frame whose bytes are in order.
   *
   * @param values where the text of its first value begins
   * @param damaged the records whose value does not match its own checksum
   */
  private record ReadFrame(FrameHead head, long values, long end, Set<RecordKey> damaged) {}

  private ReadFrame frameAt(long position) throws IOException, FrameException {
    int at = window.show(position, PREFIX + FrameHead.MAX_LENGTH);
    int shown = Math.min(window.shown(position), PREFIX + FrameHead.MAX_LENGTH);
    byte[] bytes = window.bytes();
    if (shown < PREFIX) {
      throw cutOff();
    }
    int stated = Checksum.parse(bytes, at);
    if (bytes[at + Checksum.DIGITS] != ' ') {
      throw new FrameException("no space follows the checksum");
    }
    FrameHead head = FrameHead.parse(bytes, at + PREFIX, shown - PREFIX);
    // The shortest proof that nothing is spelled differently, left out, or doubled.
    byte[] canonical = head.encode();
    int headStart = at + PREFIX;
    if (!Arrays.equals(
        canonical, 0, canonical.length, bytes, headStart, headStart + canonical.length)) {
      throw new FrameException("it is not spelled as this format spells it");
    }
    long tail = position + PREFIX + canonical.length;
    long end = tail + head.tailLength();
    if (end > size) {
      throw cutOff();
    }
    Checksum checksum = new Checksum().add(canonical, 0, canonical.length);
    Set<RecordKey> damaged = readValues(head, tail, checksum);
    if (checksum.value() != stated) {
      throw new FrameException("it does not match its checksum");
    }
    return new ReadFrame(head, tail + 1, end, damaged);
  }

  private static FrameException cutOff() {
    return new FrameException("it is cut off");
  }

  /** Reads all behind a head, and adds it to the frame's checksum. */
  private Set<RecordKey> readValues(FrameHead head, long tail, Checksum checksum)
      throws IOException, FrameException {
    Set<RecordKey> damaged = Set.of();
    long position = tail;
    boolean first = true;
    for (Step step : head.steps()) {
      if (!step.isPut()) {
        continue;
      }
      if (!first) {
        expect(position++, ',', checksum);
      }
      first = false;
      expect(position++, '"', checksum);
      if (checksumOfValue(position, step.length()) != step.checksum()) {
        damaged = damaged.isEmpty() ? new HashSet<>() : damaged;
        damaged.add(step.key());
      }
      checksum.addMasked(step.length());
      position += step.length();
      expect(position++, '"', checksum);
    }
    expect(position++, ']', checksum);
    expect(position++, '}', checksum);
    expect(position, '\n', new Checksum());
    return damaged;
  }

  private void expect(long position, char expected, Checksum checksum)
      throws IOException, FrameException {
    int at = window.show(position, 1);
    if (window.bytes()[at] != expected) {
      throw new FrameException("its values are not where its lengths put them");
    }
    checksum.add((byte) expected);
  }

  private int checksumOfValue(long from, int length) throws IOException {
    Checksum checksum = new Checksum();
    long position = from;
    long end = from + length;
    while (position < end) {
      int at = window.show(position, (int) Math.min(CHUNK, end - position));
      int count = (int) Math.min(window.shown(position), end - position);
      checksum.add(window.bytes(), at, count);
      position += count;
    }
    return checksum.value();
  }

  /**
   * What no crash can bring about: a frame that is as it was written, but where it does not belong.
   */
  private void checkMeaning(FrameHead head, long number, Index index, long position) {
    if (head.number() != number) {
      throw corrupt(
          position, "commit " + number + " is expected, but commit " + head.number() + " is there");
    }
    if (head.repeatsKey()) {
      throw corrupt(position, "a record occurs twice in a commit");
    }
    for (Step step : head.steps()) {
      if (index.revision(step.key()) != step.precondition()) {
        throw corrupt(position, "a revision does not follow the one before it");
      }
    }
  }

  private static void note(Map<RecordKey, Long> damagedValues, ReadFrame frame) {
    if (damagedValues.isEmpty() && frame.damaged().isEmpty()) {
      return;
    }
    long value = frame.values();
    for (Step step : frame.head().steps()) {
      damagedValues.remove(step.key());
      if (frame.damaged().contains(step.key())) {
        damagedValues.put(step.key(), value);
      }
      if (step.isPut()) {
        value += step.length() + 3L;
      }
    }
  }

  /** Values of records that were replaced or deleted since do not count: they may be erased. */
  private void checkValues(Map<RecordKey, Long> damagedValues) {
    damagedValues.values().stream()
        .min(Long::compare)
        .ifPresent(
            position -> {
              throw corrupt(position, "the value there does not match its checksum");
            });
  }

  private byte[] tail(long position) throws IOException {
    // One byte more than a frame can have shows that this is no frame.
    return bytes(position, (int) Math.min(size - position, FrameHead.MAX_FRAME + 1L));
  }

  /** A part of the log as it is. */
  byte[] bytes(long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    if (file.readAt(position, bytes, 0, length) < length) {
      throw new EOFException("the file became shorter while it was read");
    }
    return bytes;
  }

  private StoreCorruptException corrupt(long offset, String why) {
    return corrupt(path, offset, why);
  }

  static StoreCorruptException corrupt(Path path, long offset, String why) {
    return new StoreCorruptException(
        path + " is damaged at byte " + offset + ": " + why + "; restore the store from a backup",
        null);
  }
}
