package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
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

  /** How many records are copied while all wait. */
  static final int PIECE_RECORDS = 500;

  /** How many bytes of values are, and one value more. */
  static final long PIECE_BYTES = 1 << 18;

  private final Disk disk;
  private final OpenLog source;
  private final long generation;
  private final BaseWriter base;
  private final Set<RecordKey> touched = new LinkedHashSet<>();
  private @Nullable RecordKey last;
  private boolean copied;

  /** How many pieces of what was written meanwhile are copied while all wait. */
  private long pieces = 1;

  /** How many records that were when it was looked at last. */
  private int left = Integer.MAX_VALUE;

  private Compaction(Disk disk, OpenLog source, long generation, BaseWriter base) {
    this.disk = disk;
    this.source = source;
    this.generation = generation;
    this.base = base;
  }

  static Compaction begin(Disk disk, OpenLog source) throws IOException {
    long generation = source.generation() + 1;
    LogHeader header = new LogHeader(source.store(), generation, source.next(), 0);
    return new Compaction(disk, source, generation, BaseWriter.begin(disk, header));
  }

  /** The name of the file that is being written. */
  String name() {
    return base.name();
  }

  /**
   * Whether this can be finished: neither the log nor the new file was replaced by somebody else.
   */
  boolean isValid(OpenLog current) throws IOException {
    return current == source && base.isNamed();
  }

  /**
   * Copies a piece.
   *
   * @return whether so little is left that it may be done in one
   */
  boolean copy() throws IOException {
    if (copied) {
      if (touched.size() >= left) {
        // Others write as fast as this copies, and would do so for ever.
        pieces *= 2;
      }
      left = touched.size();
      for (long piece = 0; piece < pieces && !touched.isEmpty(); piece++) {
        copyTouched();
      }
    } else {
      copyNext();
    }
    return copied && isLittleLeft();
  }

  private boolean isLittleLeft() {
    long bytes = 0;
    if (touched.size() <= PIECE_RECORDS) {
      for (RecordKey key : touched) {
        Index.Entry stored = source.index().find(key);
        bytes += stored == null ? 0 : stored.length();
      }
    }
    return touched.size() <= PIECE_RECORDS && bytes <= PIECE_BYTES;
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

  private void copyTouched() throws IOException {
    List<Index.Entry> puts = new ArrayList<>();
    List<RecordKey> deletions = new ArrayList<>();
    long bytes = 0;
    Iterator<RecordKey> keys = touched.iterator();
    for (int i = 0; i < PIECE_RECORDS && bytes <= PIECE_BYTES && keys.hasNext(); i++) {
      RecordKey key = keys.next();
      keys.remove();
      Index.Entry stored = source.index().find(key);
      if (stored != null) {
        puts.add(stored);
        bytes += stored.length();
      } else if (base.index().revision(key) > 0) {
        deletions.add(key);
      }
    }
    write(puts, deletions);
  }

  private void write(List<Index.Entry> puts, List<RecordKey> deletions) throws IOException {
    List<byte[]> texts = new ArrayList<>();
    for (Index.Entry entry : puts) {
      texts.add(source.text(entry));
    }
    // A record that was written while its turn had not come yet is written twice.
    base.write(puts, texts, deletions);
  }

  /** How much was written so far, in bytes. */
  long size() {
    return base.end();
  }

  /** Notes that records were written since. */
  void touch(Set<RecordKey> keys) {
    touched.addAll(keys);
  }

  /** Erases the copies of records that were replaced or deleted. */
  void erase(Set<RecordKey> keys) throws IOException {
    base.erase(keys);
  }

  /** Makes what was copied so far durable, so that little is left to force in the end. */
  void force() throws IOException {
    base.force();
  }

  /** Copies what is left, which is no more than a piece. */
  void complete() throws IOException {
    copyTouched();
    base.complete(source.next() - 1);
  }

  /** Makes this the newest log. If that breaks off, nobody knows which one that is. */
  OpenLog install() throws IOException {
    base.install();
    return OpenLog.of(disk, source, generation, base.index(), base.end());
  }

  /** Removes what was written, unless it was installed, or somebody else removed it. */
  void discard() throws IOException {
    base.close();
  }
}
