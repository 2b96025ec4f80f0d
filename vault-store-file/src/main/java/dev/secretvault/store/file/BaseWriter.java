package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.file.FrameHead.Step;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Writes a log that begins with a base, under a name of its own until it is complete: records with
 * the revisions that they have, of which a later one of a key replaces an earlier one.
 */
final class BaseWriter implements Closeable {

  private final Disk disk;
  private final String name;
  private final DiskFile file;
  private final LogHeader header;
  private final Index index = new Index();

  /** The checksums of the lines, which tell when one of them is dropped, doubled or moved. */
  private final Checksum lines = new Checksum();

  private long end;

  private BaseWriter(Disk disk, String name, DiskFile file, LogHeader header) {
    this.disk = disk;
    this.name = name;
    this.file = file;
    this.header = header;
  }

  /** Begins such a log, in place of whatever was left unfinished. */
  static BaseWriter begin(Disk disk, LogHeader header) throws IOException {
    String name = Names.unfinished(Names.log(header.generation()));
    if (disk.list().contains(name)) {
      disk.unlink(name);
    }
    DiskFile file = disk.create(name);
    Closeable created = file;
    try {
      BaseWriter writer = new BaseWriter(disk, name, file, header);
      byte[] first = header.encode();
      file.writeAt(0, first);
      writer.end = first.length;
      created = () -> {};
      return writer;
    } finally {
      created.close();
    }
  }

  private void append(byte[] line) throws IOException {
    file.writeAt(end, line);
    end += line.length;
    lines.add(line, 0, Checksum.DIGITS);
  }

  /**
   * Adds records and takes some away.
   *
   * @param texts the texts of the values of the entries
   * @param deletions records that were added before
   */
  void write(List<Index.Entry> entries, List<byte[]> texts, List<RecordKey> deletions)
      throws IOException {
    List<Step> steps = new ArrayList<>();
    for (Index.Entry entry : entries) {
      steps.add(
          new Step(
              entry.key(),
              true,
              entry.revision(),
              entry.expiresAt(),
              entry.length(),
              entry.checksum()));
    }
    for (RecordKey key : deletions) {
      steps.add(Step.delete(key, index.revision(key)));
    }
    if (!steps.isEmpty()) {
      Frame frame = Frame.of(new FrameHead(0, steps), texts);
      long firstValue = end + frame.firstValue();
      append(frame.bytes());
      boolean unused = Log.overwrite(file, index.apply(frame.head(), firstValue));
    }
  }

  /** Overwrites the values of some records, as far as they were added. */
  void erase(Collection<RecordKey> keys) throws IOException {
    List<Index.Entry> gone = new ArrayList<>();
    for (RecordKey key : keys) {
      Index.Entry copy = index.find(key);
      if (copy != null) {
        gone.add(copy);
      }
    }
    boolean unused = Log.overwrite(file, gone);
  }

  /** Makes what was written so far durable. For any thread. */
  void force() throws IOException {
    file.sync();
  }

  /**
   * Ends the base, durably.
   *
   * @param number the last commit that is in it
   */
  void complete(long number) throws IOException {
    append(Frame.of(new FrameHead(number, List.of()), List.of()).bytes());
    file.writeAt(0, header.withBase(lines.value()).encode());
    file.sync();
  }

  /** Gives the log its name, durably. */
  void install() throws IOException {
    disk.rename(name, name.substring(0, name.length() - Names.unfinished("").length()));
    disk.syncDirectory();
  }

  /** Whether nobody has removed the file. */
  boolean isNamed() throws IOException {
    return file.isNamed();
  }

  String name() {
    return name;
  }

  Index index() {
    return index;
  }

  long end() {
    return end;
  }

  /** Removes the file, unless it was installed, or somebody else removed it. */
  @Override
  public void close() throws IOException {
    try (file) {
      if (file.isNamed()) {
        disk.unlink(name);
      }
    }
  }
}
