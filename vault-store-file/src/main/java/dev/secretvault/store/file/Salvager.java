package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies what is intact of a damaged log into a new one, and keeps a list of the rest. */
final class Salvager {

  private static final int PIECE = 500;
  private static final long PIECE_BYTES = 1 << 20;

  private final List<String> lost = new ArrayList<>();
  private final DiskFile file;
  private final Path path;
  private final long generation;

  private Salvager(DiskFile file, Path path, long generation) {
    this.file = file;
    this.path = path;
    this.generation = generation;
  }

  /** Reads one directory and writes the other, both of which nobody else uses meanwhile. */
  static Salvage salvage(Disk source, Disk target) throws IOException {
    long generation = Names.newestGeneration(source.list());
    String name = Names.log(generation);
    try (DiskFile file = source.open(name)) {
      return new Salvager(file, source.path().resolve(name), generation).copyTo(target);
    }
  }

  private Salvage copyTo(Disk target) throws IOException {
    LogReader reader = new LogReader(file, path, new Unsound(), 0, FreeSpace.start(file, 0));
    LogHeader header = LogHeader.create();
    long start = 0;
    try {
      header = reader.header(generation);
      start = header.encode().length;
    } catch (StoreCorruptException damaged) {
      // Then it is the first of what is lost, and all that counts of it can be made anew.
    }
    Index index = new Index();
    // There is no commit of number 0.
    long last = Math.max(1, reader.salvage(start, header, index, new Losses()));
    LogHeader next = new LogHeader(header.store(), generation + 1, last, 0);
    try (BaseWriter base = BaseWriter.begin(target, next)) {
      long records = copy(index, base);
      base.complete(last);
      base.install();
      return new Salvage(records, lost);
    }
  }

  private final class Losses implements LogReader.Loss {
    @Override
    public void linesOfBase() {
      lost.add(
          "lines of the base of "
              + path
              + ": what was stored by then may be missing, or be as it was before");
    }

    @Override
    public void bytes(long from, long to) {
      lost.add("bytes " + from + " to " + (to - 1) + " of " + path);
    }

    @Override
    public void commits(long first, long last) {
      lost.add(
          (first == last ? "commit " + first : "commits " + first + " to " + last)
              + ": what was created by then may be missing, and what was changed be as it was before");
    }
  }

  private long copy(Index index, BaseWriter base) throws IOException {
    long records = 0;
    RecordKey after = null;
    while (true) {
      List<Index.Entry> entries = new ArrayList<>();
      List<byte[]> texts = new ArrayList<>();
      long bytes = 0;
      List<Index.Entry> page = index.after(after, PIECE);
      for (Index.Entry entry : page) {
        if (bytes > PIECE_BYTES) {
          break;
        }
        byte[] text = text(entry);
        if (text == null) {
          lost.add("record " + entry.key() + ", revision " + entry.revision() + ": its value");
        } else {
          entries.add(entry);
          texts.add(text);
          bytes += text.length;
        }
        after = entry.key();
      }
      if (page.isEmpty()) {
        return records;
      }
      base.write(entries, texts, List.of());
      records += entries.size();
    }
  }

  private byte @Nullable [] text(Index.Entry entry) throws IOException {
    byte[] text = new byte[entry.length()];
    LogReader.readFully(file, entry.offset(), text);
    return Checksum.of(text, 0, text.length) == entry.checksum() ? text : null;
  }
}
