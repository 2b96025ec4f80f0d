package dev.secretvault.store.file;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.file.FrameHead.Step;
import dev.secretvault.store.file.Settled.Mark;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One generation of the log: read to its end, and read on as others append to it.
 *
 * <p>All but {@link #index}, {@link #values} and what they return is for whoever has the directory
 * to itself.
 */
final class OpenLog implements Closeable {

  private static final int PIECE = 1 << 20;
  private static final long SLACK = 1 << 20;

  private final Disk disk;
  private final long generation;
  private final Path path;
  private final DiskFile file;
  private final Log log;
  private final Index index;
  private final Values values;
  private final String store;

  /** Values to be erased before anything else is done. */
  private final List<Index.Entry> unerased = new ArrayList<>();

  /** What the last commit that was read has replaced or deleted. */
  private List<Index.Entry> goneLast = List.of();

  private final Unsound unsound;
  private long next;
  private Recovery recovery = Recovery.NONE;

  private OpenLog(
      Disk disk,
      long generation,
      DiskFile file,
      Values values,
      String store,
      Index index,
      Unsound unsound) {
    String name = Names.log(generation);
    this.disk = disk;
    this.generation = generation;
    this.path = disk.path().resolve(name);
    this.file = file;
    this.values = values;
    this.log = new Log(file, values, path);
    this.store = store;
    this.index = index;
    this.unsound = unsound;
  }

  /** Creates the first log of a store, empty. */
  static void create(Disk disk) throws IOException {
    writeDurably(disk, Names.log(1), LogHeader.create().encode());
  }

  /** How much of a log is read when it is opened. */
  private interface Load {
    void load(OpenLog log, LogReader reader, LogHeader header) throws IOException;
  }

  /** Opens a log, and mends what a crash left. */
  static OpenLog open(Disk disk, long generation) throws IOException {
    return open(disk, generation, OpenLog::load);
  }

  /**
   * Opens a log that is in order up to an offset, while others append to it and erase from it.
   *
   * @return null if that failed: because somebody replaced the log meanwhile, or for a reason that
   *     whoever has the directory to itself will meet too
   */
  static @Nullable OpenLog openAhead(Disk disk, Mark settled) {
    try {
      return open(
          disk,
          settled.generation(),
          (log, reader, header) -> {
            log.begin(reader, header);
            log.readAhead(settled.end(), head -> {});
            if (log.log.end() < settled.end()) {
              throw new IOException("the log cannot be read that far");
            }
          });
    } catch (IOException | StoreException changedOrDamaged) {
      return null;
    }
  }

  private static OpenLog open(Disk disk, long generation, Load load) throws IOException {
    String name = Names.log(generation);
    DiskFile file = disk.open(name);
    Closeable opened = file;
    try {
      Unsound unsound = new Unsound();
      long free = FreeSpace.start(file, 0);
      LogReader reader = new LogReader(file, disk.path().resolve(name), unsound, 0, free);
      LogHeader header = reader.header(generation);
      Values values = new Values(disk, name);
      Index index = Index.unshared(free);
      OpenLog log = new OpenLog(disk, generation, file, values, header.store(), index, unsound);
      opened = log;
      load.load(log, reader, header);
      index.share();
      opened = () -> {};
      return log;
    } finally {
      opened.close();
    }
  }

  /** A log that was just written, whose content is known. */
  static OpenLog of(Disk disk, OpenLog before, long generation, Index index, long end)
      throws IOException {
    String name = Names.log(generation);
    DiskFile file = disk.open(name);
    Closeable opened = file;
    try {
      Values values = new Values(disk, name);
      OpenLog log = new OpenLog(disk, generation, file, values, before.store, index, new Unsound());
      log.log.advance(end);
      log.next = before.next;
      opened = () -> {};
      return log;
    } finally {
      opened.close();
    }
  }

  private void begin(LogReader reader, LogHeader header) throws IOException {
    next = header.first();
    log.advance(header.encode().length);
    if (generation > 1) {
      loadBase(reader, header);
    }
  }

  private void load(LogReader reader, LogHeader header) throws IOException {
    begin(reader, header);
    Replayed replayed =
        replay(
            reader,
            (head, end, gone, stillThere) -> {
              unerased.addAll(stillThere);
              goneLast = gone;
            });
    // What was just read may be in memory only, left there by a process that did not live to force
    // it, or whose force failed. It must not be lost after it was shown. Only the last frame can be
    // in that state, and what it erased.
    rewrite(replayed.last(), replayed.end());
    disk.syncDirectory();
    log.erase(goneLast);
    goneLast = List.of();
    erase("");
    cutTornTail(reader, replayed);
  }

  private void loadBase(LogReader reader, LogHeader header) throws IOException {
    long start = log.end();
    long number =
        reader.readBase(
            start,
            header.base(),
            index,
            (head, end, gone, stillThere) -> {
              log.advance(end);
              unerased.addAll(stillThere);
            });
    if (number < next - 1) {
      throw LogReader.corrupt(path, start, "the base of the log is older than its first line");
    }
    next = number + 1;
  }

  private Replayed replay(LogReader reader, LogReader.Progress progress) throws IOException {
    Replayed replayed = reader.replay(log.end(), next, index, advancing(progress));
    unsound.refuse(path);
    return replayed;
  }

  private LogReader.Progress advancing(LogReader.Progress progress) {
    return (head, end, gone, stillThere) -> {
      log.advance(end);
      next++;
      progress.entered(head, end, gone, stillThere);
    };
  }

  /** Reads frames that are settled, up to an offset where the log ends. */
  void readOn(long to, Consumer<HeadScanner> entered) throws IOException {
    readSettled(to, entered);
    unsound.refuse(path);
  }

  /**
   * Reads frames that are settled while others append more, and erase: to the end, even if a value
   * in them is gone by then or damaged, which is left to whoever reads the rest; or as far as
   * nothing else is in the way.
   */
  void readAhead(long to, Consumer<HeadScanner> entered) {
    try {
      readSettled(to, entered);
    } catch (IOException | StoreException changedOrDamaged) {
      // The end of the log tells how far it came.
    }
  }

  private void readSettled(long to, Consumer<HeadScanner> entered) throws IOException {
    if (to > log.end()) {
      new LogReader(file, path, unsound, log.end(), to)
          .readSettled(
              log.end(),
              next,
              index,
              advancing((head, end, gone, stillThere) -> entered.accept(head)));
    }
  }

  /** Reads what somebody left who died or failed in a commit, once it is durable. */
  void mend(Consumer<HeadScanner> entered) throws IOException {
    long free = FreeSpace.start(file, log.end());
    rewrite(log.end(), free);
    LogReader reader = new LogReader(file, path, unsound, log.end(), free);
    Replayed replayed =
        replay(
            reader,
            (head, end, gone, stillThere) -> {
              unerased.addAll(gone);
              entered.accept(head);
            });
    erase("");
    cutTornTail(reader, replayed);
  }

  /**
   * A force that failed marks pages as clean, so another force alone would do nothing. Writing the
   * bytes once more makes their pages dirty again.
   */
  private void rewrite(long from, long to) throws IOException {
    for (long position = from; position < to; position += PIECE) {
      byte[] piece = new byte[(int) Math.min(PIECE, to - position)];
      LogReader.readFully(file, position, piece);
      file.writeAt(position, piece);
    }
    file.sync();
  }

  private void cutTornTail(LogReader reader, Replayed replayed) throws IOException {
    if (replayed.torn() == 0) {
      return;
    }
    List<String> names = disk.list();
    int nth = 1;
    while (names.contains(Names.torn(generation, replayed.end(), nth))) {
      nth++;
    }
    String kept = Names.torn(generation, replayed.end(), nth);
    writeDurably(disk, kept, reader.bytes(replayed.end(), replayed.torn()));
    file.truncate(replayed.end());
    file.sync();
    recovery = new Recovery(replayed.end(), replayed.torn(), disk.path().resolve(kept), 0);
  }

  /** Appends a commit, durably. What it replaces or deletes is left to {@link #erase}. */
  void append(List<Step> steps, List<byte[]> texts) {
    Frame frame = Frame.of(new FrameHead(next, steps), texts);
    long firstValue = log.end() + frame.firstValue();
    log.append(frame.bytes(), () -> unerased.addAll(index.apply(frame.head(), firstValue)));
    next++;
  }

  /**
   * Erases what was replaced or deleted, here and wherever else it may be in the directory.
   *
   * @param except a file that is left alone
   */
  void erase(String except) throws IOException {
    if (unerased.isEmpty()) {
      return;
    }
    log.erase(unerased);
    remove(disk, name -> (Names.isTorn(name) || Names.isLeftover(name)) && !name.equals(except));
    unerased.clear();
  }

  /**
   * Removes files, durably. A log is emptied first: whoever has it open sees by its length that it
   * is no more.
   */
  static void remove(Disk disk, Predicate<String> which) throws IOException {
    List<String> names = disk.list().stream().filter(which).toList();
    for (String name : names) {
      if (Names.generation(name) > 0) {
        try (DiskFile file = disk.open(name)) {
          file.truncate(0);
        }
      }
      disk.unlink(name);
    }
    if (!names.isEmpty()) {
      disk.syncDirectory();
    }
  }

  /** The text of a value as it stands in the file. */
  byte[] text(Index.Entry entry) throws IOException {
    byte[] text = new byte[entry.length()];
    LogReader.readFully(file, entry.offset(), text);
    if (Checksum.of(text, 0, text.length) != entry.checksum()) {
      // Does no harm to the other records, until somebody asks for this one.
      throw new IOException("the value at byte " + entry.offset() + " does not match its checksum");
    }
    return text;
  }

  /** Whether more of the file is of no use any more than what a new one would be worth. */
  boolean isWasteful() {
    return log.end() > 2 * index.live() + SLACK;
  }

  /** A file appears under its name with all its bytes, or does not appear. */
  private static void writeDurably(Disk disk, String name, byte[] bytes) throws IOException {
    String unfinished = Names.unfinished(name);
    if (disk.list().contains(unfinished)) {
      disk.unlink(unfinished);
    }
    try (DiskFile file = disk.create(unfinished)) {
      file.writeAt(0, bytes);
      // Before the rename, or a crash can leave the name on an empty file.
      file.sync();
    }
    disk.rename(unfinished, name);
    disk.syncDirectory();
  }

  long generation() {
    return generation;
  }

  /** What tells the store from others. */
  String store() {
    return store;
  }

  /** The number of the next commit. */
  long next() {
    return next;
  }

  long size() throws IOException {
    return file.size();
  }

  Log log() {
    return log;
  }

  Index index() {
    return index;
  }

  Values values() {
    return values;
  }

  /** What was mended last. */
  Recovery recovery() {
    return recovery;
  }

  /** Where a file of this log is, for messages. */
  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    try {
      values.close();
    } finally {
      log.close();
    }
  }
}
