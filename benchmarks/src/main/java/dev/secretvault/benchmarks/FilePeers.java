package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** What one writes by hand, with plain files. */
final class FilePeers {

  private FilePeers() {}

  /**
   * The floor: as many bytes as the file store writes, appended and forced. Nothing can be found
   * again, nothing is checked. With several threads, one after the other.
   */
  static final class Bare implements Peer {
    /** What the 1,001st create of 200 bytes under a key of 40 adds to a log of the file store. */
    static final int LINE = 381;

    private final RandomAccessFile file;
    private final Map<RecordKey, byte[]> values = new ConcurrentHashMap<>();

    Bare(Path directory) throws IOException {
      file = new RandomAccessFile(directory.resolve("bare").toFile(), "rw");
      file.seek(file.length());
    }

    @Override
    public synchronized void create(RecordKey key, byte[] value) throws IOException {
      file.write(new byte[LINE]);
      file.getFD().sync();
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      for (int i = from; i < to; i++) {
        values.put(keys[i], value);
      }
    }

    /** From a map in memory. */
    @Override
    public byte[] read(RecordKey key) {
      return values.get(key).clone();
    }

    /** Those filled since it was opened, which are on no disk, and all that were ever created. */
    @Override
    public synchronized long count() throws IOException {
      return values.size() + file.length() / LINE;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /**
   * A file for each value: written beside its place, forced, renamed, and the directory forced. As
   * durable as the file system; nothing is checked when it is read.
   */
  static final class FileEach implements Peer {
    private final Path directory;

    FileEach(Path directory) {
      this.directory = directory;
    }

    @Override
    public void create(RecordKey key, byte[] value) throws IOException {
      Peer.replace(directory.resolve(key.text()), value);
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) throws IOException {
      for (int i = from; i < to; i++) {
        Files.write(directory.resolve(keys[i].text()), value);
      }
    }

    @Override
    public byte[] read(RecordKey key) throws IOException {
      return Files.readAllBytes(directory.resolve(key.text()));
    }

    @Override
    public long count() throws IOException {
      try (Stream<Path> files = Files.list(directory)) {
        return files.count();
      }
    }

    @Override
    public void close() {}
  }

  /**
   * All values in one JSON file, which each create writes anew, forces and renames; and in memory.
   */
  static final class Json implements Peer {
    private static final JsonFactory FACTORY = new JsonFactory();

    private final Path file;
    private final Map<String, byte[]> values = new TreeMap<>();

    Json(Path directory) throws IOException {
      file = directory.resolve("secrets.json");
      if (Files.exists(file)) {
        try (JsonParser json =
            FACTORY.createParser(ObjectReadContext.empty(), Files.readAllBytes(file))) {
          JsonToken start = json.nextToken();
          for (String key = json.nextName(); key != null; key = json.nextName()) {
            JsonToken value = json.nextToken();
            if (start == JsonToken.START_OBJECT && value == JsonToken.VALUE_STRING) {
              values.put(key, json.getBinaryValue());
            }
          }
        }
      }
    }

    @Override
    public synchronized void create(RecordKey key, byte[] value) throws IOException {
      values.put(key.text(), value);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(values.size() * 320 + 2);
      try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
        json.writeStartObject();
        values.forEach(
            (name, content) -> {
              json.writeName(name);
              json.writeBinary(content);
            });
        json.writeEndObject();
      }
      Peer.replace(file, bytes.toByteArray());
    }

    @Override
    public synchronized void fill(RecordKey[] keys, int from, int to, byte[] value)
        throws IOException {
      for (int i = from; i < to - 1; i++) {
        values.put(keys[i].text(), value);
      }
      create(keys[to - 1], value);
    }

    @Override
    public synchronized byte[] read(RecordKey key) {
      return values.get(key.text()).clone();
    }

    @Override
    public synchronized long count() {
      return values.size();
    }

    @Override
    public void close() {}
  }
}
