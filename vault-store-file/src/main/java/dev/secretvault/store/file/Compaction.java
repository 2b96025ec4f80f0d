package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.file.FrameHead.Step;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A new generation of the log in the making, which holds what is stored and nothing of how it came
 * to that.
 *
 * <p>Records are copied piece by piece, and commits go on in between. What they write is noted, and
 * copied in the end. A record that a commit replaces or deletes is erased here too, if it was
 * copied: so the promise that its value is in no file holds all the while.
 *
 * <p>All but {@link #force} is for whoever has the directory to itself.
 */
final class Compaction {

  private static final int PIECE_RECORDS = 500;
  private static final long PIECE_BYTES = 1 << 18;

  private final Disk disk;
  private final OpenLog source;
  private final long generation;
  private final String name;
  private final DiskFile file;
  private final Index index = new Index();
  private final Set<RecordKey> touched = new LinkedHashSet<>();
  private @Nullable RecordKey last;
  private boolean copied;
  private long end;

  private Compaction(Disk disk, OpenLog source, String name, DiskFile file) {
    this.disk = disk;
    this.source = source;
    this.generation = source.generation() + 1;
    this.name = name;
    this.file = file;
  }

  static Compaction begin(Disk disk, OpenLog source) throws IOException {
    String name = Names.unfinished(Names.log(source.generation() + 1));
    if (disk.list().contains(name)) {
      disk.unlink(name);
    }
    Compaction begun = new Compaction(disk, source, name, disk.create(name));
    boolean written = false;
    try {
      begun.write(new LogHeader(source.store(), begun.generation, source.next()).encode());
      written = true;
      return begun;
    } finally {
      if (!written) {
        begun.file.close();
      }
    }
  }

  private void write(byte[] line) throws IOException {
    file.writeAt(end, line);
    end += line.length;
  }

  /** The name of the file that is being written. */
  String name() {
    return name;
  }

  /**
   * Whether this can be finished: neither the log nor the new file was replaced by somebody else.
   */
  boolean isValid(OpenLog current) throws IOException {
    return current == source && file.isNamed();
  }

  /**
   * Copies a piece.
   *
   * @return whether so little is left that it may be done in one
   */
  boolean copy() throws IOException {
    if (copied) {
      copyTouched(PIECE_RECORDS);
    } else {
      copyNext();
    }
    return copied && touched.size() <= PIECE_RECORDS;
  }

  private void copyNext() throws IOException {
    List<Index.Entry> page = source.index().after(last, PIECE_RECORDS);
    List<Index.Entry> piece = new ArrayList<>();
    long bytes = 0;
    for (Index.Entry entry : page) {
      if (bytes > PIECE_BYTES) {
        break;
      }
      piece.add(entry);
      bytes += entry.length();
      last = entry.key();
    }
    copied = piece.size() < PIECE_RECORDS && piece.size() == page.size();
    write(piece, List.of());
  }

  private void copyTouched(int most) throws IOException {
    List<Index.Entry> puts = new ArrayList<>();
    List<Step> deletions = new ArrayList<>();
    long bytes = 0;
    Iterator<RecordKey> keys = touched.iterator();
    for (int i = 0; i < most && bytes <= PIECE_BYTES && keys.hasNext(); i++) {
      RecordKey key = keys.next();
      keys.remove();
      Index.Entry stored = source.index().find(key);
      long copiedRevision = index.revision(key);
      if (stored != null) {
        puts.add(stored);
        bytes += stored.length();
      } else if (copiedRevision > 0) {
        deletions.add(Step.delete(key, copiedRevision));
      }
    }
    write(puts, deletions);
  }

  private void write(List<Index.Entry> puts, List<Step> deletions) throws IOException {
    if (puts.isEmpty() && deletions.isEmpty()) {
      return;
    }
    List<Step> steps = new ArrayList<>();
    List<byte[]> texts = new ArrayList<>();
    for (Index.Entry entry : puts) {
      texts.add(source.text(entry));
      steps.add(
          new Step(
              entry.key(),
              true,
              entry.revision(),
              entry.expiresAt(),
              entry.length(),
              entry.checksum()));
    }
    steps.addAll(deletions);
    Frame frame = Frame.of(new FrameHead(0, steps), texts);
    long firstValue = end + frame.firstValue();
    write(frame.bytes());
    // A record that was written while its turn had not come yet is copied twice.
    boolean unused = Log.overwrite(file, index.apply(frame.head(), firstValue));
  }

  /** Notes that records were written since. */
  void touch(Set<RecordKey> keys) {
    touched.addAll(keys);
  }

  /** Erases the copies of records that were replaced or deleted. */
  void erase(Set<RecordKey> keys) throws IOException {
    List<Index.Entry> gone = new ArrayList<>();
    for (RecordKey key : keys) {
      Index.Entry copy = index.find(key);
      if (copy != null) {
        gone.add(copy);
      }
    }
    Log.overwrite(file, gone);
  }

  /** Makes what was copied so far durable, so that little is left to force in the end. */
  void force() throws IOException {
    file.sync();
  }

  /** Copies what is left. */
  void complete() throws IOException {
    while (!touched.isEmpty()) {
      copyTouched(PIECE_RECORDS);
    }
    write(Frame.of(new FrameHead(source.next() - 1, List.of()), List.of()).bytes());
    file.sync();
  }

  /** Makes this the newest log. If that breaks off, nobody knows which one that is. */
  OpenLog install() throws IOException {
    disk.rename(name, Names.log(generation));
    disk.syncDirectory();
    return OpenLog.of(disk, source, generation, index, end);
  }

  /** Removes what was written, unless it was finished, or somebody else removed it. */
  void discard() throws IOException {
    try (file) {
      if (file.isNamed()) {
        disk.unlink(name);
      }
    }
  }
}
