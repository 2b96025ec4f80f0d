package dev.secretvault.store.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A log that was read to its end and is ready for more.
 *
 * @param next the number of the next commit
 */
record OpenLog(Log log, String name, Index index, long next, Recovery recovery) {

  /** Creates the first log of a store, empty. */
  static void create(Disk disk) throws IOException {
    writeDurably(disk, Names.log(1), LogHeader.create().encode());
  }

  /** Opens the newest log, mends what a crash left, and removes what a crash left unfinished. */
  static OpenLog open(Disk disk) throws IOException {
    List<String> names = disk.list();
    long generation = Names.newestGeneration(names);
    String name = Names.log(generation);
    Path path = disk.path().resolve(name);
    DiskFile file = disk.open(name);
    boolean opened = false;
    try {
      LogReader reader = new LogReader(file, path);
      LogHeader header = reader.header(generation);
      Index index = new Index();
      Replayed replayed = reader.replay(header.encode().length, header.first(), index);
      Recovery recovery = cutTornTail(disk, file, reader, generation, replayed);
      makeDurable(disk, file, reader, replayed);
      for (String leftover : names) {
        if (Names.isLeftover(leftover)) {
          disk.unlink(leftover);
        }
      }
      opened = true;
      return new OpenLog(
          new Log(file, path, replayed.end()), name, index, replayed.next(), recovery);
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private static Recovery cutTornTail(
      Disk disk, DiskFile file, LogReader reader, long generation, Replayed replayed)
      throws IOException {
    if (replayed.torn() == 0) {
      return Recovery.NONE;
    }
    List<String> names = disk.list();
    int nth = 1;
    while (names.contains(Names.torn(generation, replayed.end(), nth))) {
      nth++;
    }
    String kept = Names.torn(generation, replayed.end(), nth);
    writeDurably(disk, kept, reader.bytes(replayed.end(), replayed.torn()));
    file.truncate(replayed.end());
    return new Recovery(replayed.end(), replayed.torn(), disk.path().resolve(kept));
  }

  /**
   * What was just read may be in memory only, left there by a process that did not live to force
   * it, or whose force failed. It must not be lost after it was shown.
   *
   * <p>A force that failed marks pages as clean, so another force alone would do nothing. Only the
   * last frame can be in that state, and writing it once more makes its pages dirty again.
   */
  private static void makeDurable(Disk disk, DiskFile file, LogReader reader, Replayed replayed)
      throws IOException {
    file.writeAt(
        replayed.last(), reader.bytes(replayed.last(), (int) (replayed.end() - replayed.last())));
    file.sync();
    disk.syncDirectory();
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
}
