package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a log from front to back and believes nothing: whatever differs from what a writer writes
 * is either what a crash leaves at the very end, or damage. Free space is not for it to read.
 *
 * <p>Changes nothing on disk. Needs memory for a window that takes the longest frame, and for a
 * torn tail, however long the log.
 */
final class LogReader {

  private static final int PREFIX = Checksum.DIGITS + 1;

  private final DiskFile file;
  private final Path path;
  private final long size;
  private final Window window;
  private final HeadScanner head = new HeadScanner();
  private final Unsound unsound;

  /**
   * Reads a part of a log: from where the first line or a frame begins.
   *
   * @param unsound what was read before; becomes what was read
   */
  LogReader(DiskFile file, Path path, Unsound unsound, long from, long to) {
    this.file = file;
    this.path = path;
    this.unsound = unsound;
    this.size = to;
    this.window = new Window(file, from, to);
  }

  /** Is told of each frame that was entered into the index. */
  interface Progress {
    /**
     * Called after each frame.
     *
     * @param head what it says, until the next one is read
     * @param end where it ends
     * @param gone entries that it replaced or deleted
     * @param unerased those of them whose values are still there
     */
    void entered(HeadScanner head, long end, List<Index.Entry> gone, List<Index.Entry> unerased);
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
   * Checks the base that a log of a later generation begins with, and enters it into the index. It
   * was forced before the log got its name, so no crash tears it.
   *
   * @param base the checksum of the checksums of its lines
   * @param progress is told of each frame, the last of which has no changes and the number of the
   *     last commit that the base holds
   * @return that number
   * @throws StoreCorruptException if the log is damaged
   */
  long readBase(long from, int base, Index index, Progress progress) throws IOException {
    Checksum lines = new Checksum();
    long position = from;
    while (true) {
      ReadFrame frame = wholeFrameAt(position);
      lines.addText(frame.checksum());
      boolean last = head.count() == 0;
      if (last == (head.number() == 0) || head.repeatsKey()) {
        throw corrupt(position, "the base of the log is not built as this format builds it");
      }
      for (int step = 0; step < head.count(); step++) {
        if (head.isCopy(step)) {
          throw corrupt(position, "the base of the log says what was stored before");
        }
        if (!head.isPut(step) && index.revision(head, step) != head.revision(step)) {
          throw corrupt(position, "what is not stored is deleted");
        }
      }
      enter(frame, index, progress);
      position = frame.end();
      if (last) {
        if (lines.value() != base) {
          throw corrupt(from, "these are not the lines that the base was written with");
        }
        return head.number();
      }
    }
  }

  /** A frame where no crash leaves a torn one. */
  private ReadFrame wholeFrameAt(long position) throws IOException {
    try {
      return frameAt(position);
    } catch (FrameException broken) {
      throw corrupt(position, broken.reason());
    }
  }

  private void enter(ReadFrame frame, Index index, Progress progress) {
    List<Index.Entry> gone = index.apply(head, frame.values());
    progress.entered(head, frame.end(), gone, unsound.unerased(gone));
    unsound.add(frame.unsound());
  }

  /**
   * Checks frames that are settled, so that none of them is torn, and enters them into the index.
   *
   * @param from where a frame begins
   * @param number the number of that frame
   * @throws StoreCorruptException if the log is damaged
   */
  void readSettled(long from, long number, Index index, Progress progress) throws IOException {
    long position = from;
    long next = number;
    while (position < size) {
      ReadFrame frame = wholeFrameAt(position);
      checkMeaning(next, index, position);
      enter(frame, index, progress);
      position = frame.end();
      next++;
    }
  }

  /**
   * Checks all frames from an offset on and enters them into the index.
   *
   * @param from where a frame begins, or the log ends
   * @param number the number of that frame
   * @throws StoreCorruptException if the log is damaged
   */
  Replayed replay(long from, long number, Index index, Progress progress) throws IOException {
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
        return new Replayed(last, position, tail.length);
      }
      checkMeaning(next, index, position);
      if (!frame.unsound().isEmpty() && frame.end() == size) {
        return new Replayed(last, position, (int) (size - position));
      }
      enter(frame, index, progress);
      last = position;
      position = frame.end();
      next++;
    }
    return new Replayed(last, position, 0);
  }

  /**
   * A frame whose bytes are in order, and whose head was the last one to be scanned.
   *
   * @param checksum what it begins with
   * @param values where the text of its first value begins
   * @param unsound the records whose value does not match its own checksum
   */
  private record ReadFrame(
      int checksum, long values, long end, Map<RecordKey, Unsound.Text> unsound) {}

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
    int headEnd = head.scan(bytes, at + PREFIX, at + shown);
    if (headEnd < 0) {
      throw FrameHead.fault(bytes, at + PREFIX, shown - PREFIX);
    }
    int tail = headEnd - at;
    long end = position + tail + head.tailLength();
    if (end > size) {
      throw cutOff();
    }
    Map<RecordKey, Unsound.Text> texts = readValues(position, tail, (int) (end - position), stated);
    return new ReadFrame(stated, position + tail + 1, end, texts);
  }

  private static FrameException cutOff() {
    return new FrameException("it is cut off");
  }

  /**
   * Checks all behind a head, and the checksum of the whole frame, in which a value is dashes.
   *
   * @param tail where in the frame its head ends
   */
  private Map<RecordKey, Unsound.Text> readValues(long position, int tail, int length, int stated)
      throws IOException, FrameException {
    int start = window.show(position, length);
    byte[] bytes = window.bytes();
    Checksum checksum = new Checksum();
    Map<RecordKey, Unsound.Text> bad = Map.of();
    int summed = start + PREFIX;
    int at = start + tail;
    for (int step = 0; step < head.count(); step++) {
      if (!head.isPut(step)) {
        continue;
      }
      if (at > start + tail) {
        expect(bytes, at++, ',');
      }
      expect(bytes, at++, '"');
      checksum.add(bytes, summed, at - summed);
      int text = head.length(step);
      if (Checksum.of(bytes, at, text) != head.checksum(step)) {
        bad = bad.isEmpty() ? new HashMap<>() : bad;
        bad.put(head.key(step), Unsound.text(position + at - start, bytes, at, at + text));
      }
      checksum.addMasked(text);
      at += text;
      summed = at;
      expect(bytes, at++, '"');
    }
    expect(bytes, at++, ']');
    expect(bytes, at++, '}');
    expect(bytes, at, '\n');
    if (checksum.add(bytes, summed, at - summed).value() != stated) {
      throw new FrameException("it does not match its checksum");
    }
    return bad;
  }

  private static void expect(byte[] bytes, int at, char expected) throws FrameException {
    if (bytes[at] != expected) {
      throw new FrameException("its values are not where its lengths put them");
    }
  }

  /**
   * What no crash can bring about: a frame that is as it was written, but where it does not belong.
   */
  private void checkMeaning(long number, Index index, long position) {
    if (head.number() != number) {
      throw corrupt(
          position, "commit " + number + " is expected, but commit " + head.number() + " is there");
    }
    if (head.count() == 0) {
      throw corrupt(position, "a commit changes nothing");
    }
    if (head.repeatsKey()) {
      throw corrupt(position, "a record occurs twice in a commit");
    }
    for (int step = 0; step < head.count(); step++) {
      if (index.revision(head, step) != head.precondition(step)) {
        throw corrupt(position, "a revision does not follow the one before it");
      }
    }
  }

  /** Is told of what cannot be read. */
  interface Loss {
    /** These are not the lines that the base was written with. */
    void linesOfBase();

    /** These bytes are no frame. */
    void bytes(long from, long to);

    /** These commits are not there. */
    void commits(long first, long last);
  }

  /**
   * Enters all frames that are in order, wherever they are.
   *
   * @param from where the first line ends, or 0 if it is not in order
   * @param header what it says
   * @return the number of the last commit
   */
  long salvage(long from, LogHeader header, Index index, Loss loss) throws IOException {
    Checksum lines = new Checksum();
    long next = header.first();
    long position = from;
    long lost = from;
    while (position < size) {
      try {
        ReadFrame frame = frameAt(position);
        if (lost < position) {
          loss.bytes(lost, position);
        }
        if (isOfBase()) {
          lines.addText(frame.checksum());
        }
        next = salvage(frame, next, index, loss);
        position = frame.end();
        lost = position;
      } catch (FrameException broken) {
        position = nextFrame(position + 1);
      }
    }
    if (lost < size) {
      loss.bytes(lost, size);
    }
    if (lines.value() != header.base()) {
      loss.linesOfBase();
    }
    return next - 1;
  }

  private boolean isOfBase() {
    return head.number() == 0 || head.count() == 0;
  }

  private long salvage(ReadFrame frame, long next, Index index, Loss loss) {
    if (!isOfBase() && head.number() < next) {
      // Blocks of a removed file may come back, with commits that were there already.
      return next;
    }
    if (!isOfBase() && head.number() > next) {
      loss.commits(next, head.number() - 1);
    }
    List<Index.Entry> unused = index.apply(head, frame.values());
    return Math.max(next, head.number() + 1);
  }

  /** Where the next frame seems to begin. Nothing else has a brace before an "n". */
  private long nextFrame(long from) throws IOException {
    byte[] start = TornTail.DOCUMENT_START;
    for (long position = from; position + PREFIX + start.length <= size; position++) {
      int at = window.show(position, PREFIX + start.length) + PREFIX;
      if (Arrays.equals(window.bytes(), at, at + start.length, start, 0, start.length)) {
        return position;
      }
    }
    return size;
  }

  private byte[] tail(long position) throws IOException {
    // One byte more than a crash can leave shows that none did.
    return bytes(position, (int) Math.min(size - position, FreeSpace.MAX_TAIL + 1L));
  }

  /** A part of the log as it is. */
  byte[] bytes(long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    readFully(file, position, bytes);
    return bytes;
  }

  static void readFully(DiskFile file, long position, byte[] bytes) throws IOException {
    if (file.readAt(position, bytes, 0, bytes.length) < bytes.length) {
      throw new EOFException("the file became shorter while it was read");
    }
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
