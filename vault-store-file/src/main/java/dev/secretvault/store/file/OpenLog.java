package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One generation of the log: read to its end, and read on as others append to it.
 *
 * <p>All but {@link #index}, {@link #values} and what they return is for whoever has the directory
 * to itself.
 */
final class OpenLog implements Closeable {

  private static final int PIECE = 1 << 20;

  private final Disk disk;
  private final long generation;
  private final Path path;
  private final DiskFile file;
  private final Log log;
  private final Index index = new Index();
  private final Values values;

  /** Values to be erased before anything else is done. */
  private final List<Index.Entry> unerased = new ArrayList<>();

  private long next;
  private Recovery recovery = Recovery.NONE;

  private OpenLog(Disk disk, long generation, DiskFile file, Values values) {
    String name = Names.log(generation);
    this.disk = disk;
    this.generation = generation;
    this.path = disk.path().resolve(name);
    this.file = file;
    this.log = new Log(file, path);
    this.values = values;
  }

  /** Creates the first log of a store, empty. */
  static void create(Disk disk) throws IOException {
    writeDurably(disk, Names.log(1), LogHeader.create().encode());
  }

  /** Opens a log, and mends what a crash left. */
  static OpenLog open(Disk disk, long generation) throws IOException {
    String name = Names.log(generation);
    DiskFile file = disk.open(name);
    Closeable opened = file;
    try {
      OpenLog log = new OpenLog(disk, generation, file, new Values(disk, name));
      opened = log;
      log.load();
      opened = () -> {};
      return log;
    } finally {
      opened.close();
    }
  }

  private void load() throws IOException {
    LogReader reader = new LogReader(file, path, 0, file.size());
    LogHeader header = reader.header(generation);
    next = header.first();
    log.advance(header.encode().length);
    List<Index.Entry> goneLast = new ArrayList<>();
    Replayed replayed =
        replay(
            reader,
            (head, end, gone, stillThere) -> {
              unerased.addAll(stillThere);
              goneLast.clear();
              goneLast.addAll(gone);
            });
    // What was just read may be in memory only, left there by a process that did not live to force
    // it, or whose force failed. It must not be lost after it was shown. Only the last frame can be
    // in that state, and what it erased.
    rewrite(replayed.last(), replayed.end());
    disk.syncDirectory();
    log.erase(goneLast);
    erase();
    cutTornTail(reader, replayed);
  }

  private Replayed replay(LogReader reader, LogReader.Progress progress) throws IOException {
    return reader.replay(
        log.end(),
        next,
        index,
        (head, end, gone, stillThere) -> {
          log.advance(end);
          next++;
          progress.entered(head, end, gone, stillThere);
        });
  }

  /** Reads frames that are settled, up to an offset. */
  void readOn(long to, Consumer<FrameHead> entered) throws IOException {
    LogReader reader = new LogReader(file, path, log.end(), to);
    Replayed replayed = replay(reader, (head, end, gone, stillThere) -> entered.accept(head));
    if (replayed.torn() > 0) {
      throw LogReader.corrupt(path, replayed.end(), "what was settled there is damaged");
    }
  }

  /** Reads what somebody left who died or failed in a commit, once it is durable. */
  void mend(Consumer<FrameHead> entered) throws IOException {
    long size = file.size();
    rewrite(log.end(), size);
    LogReader reader = new LogReader(file, path, log.end(), size);
    Replayed replayed =
        replay(
            reader,
            (head, end, gone, stillThere) -> {
              unerased.addAll(gone);
              entered.accept(head);
            });
    erase();
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
    recovery = new Recovery(replayed.end(), replayed.torn(), disk.path().resolve(kept));
  }

  /** Appends a commit, durably. What it replaces or deletes is left to {@link #erase}. */
  void append(List<Change> changes) {
    Frame frame = Frame.of(next, changes);
    long firstValue = log.end() + frame.firstValue();
    log.append(frame.bytes(), () -> unerased.addAll(index.apply(frame.head(), firstValue)));
    next++;
  }

  /** Erases what was replaced or deleted, here and wherever else it may be in the directory. */
  void erase() throws IOException {
    if (unerased.isEmpty()) {
      return;
    }
    log.erase(unerased);
    boolean removed = false;
    for (String name : disk.list()) {
      if (Names.isTorn(name) || Names.isLeftover(name)) {
        disk.unlink(name);
        removed = true;
      }
    }
    if (removed) {
      disk.syncDirectory();
    }
    unerased.clear();
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
