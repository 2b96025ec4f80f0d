package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.put;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoredRecord;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a process does that is to be killed: its threads create records, take what anybody created,
 * and compact now and then. Each says beforehand what it is about to do, and then that it is done:
 * {@code ?} and {@code +} for a record that it creates, {@code ~} and {@code -} for one that it
 * takes, {@code =} for one that somebody else took.
 */
final class DoomedWorker extends Thread {

  private static final int THREADS = 2;
  private static final int ZONES = 4;

  private final FileSecretStore store;
  private final String name;
  private final SplittableRandom random;

  /** One call of the system per line, so that lines of threads neither mix nor end early. */
  private final FileOutputStream output;

  private DoomedWorker(
      FileSecretStore store, String name, SplittableRandom random, FileOutputStream output) {
    this.store = store;
    this.name = name;
    this.random = random;
    this.output = output;
  }

  /** The value of a record: its key, and as many letters as its key says. */
  static String valueOf(String key) {
    int length = key.hashCode() % 16 == 0 ? 20_000 : 40 + Math.floorMod(key.hashCode(), 300);
    return key + ":" + "x".repeat(length);
  }

  /** Works in the directory, under the name and with the seed that it is told. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    FileOutputStream output = new FileOutputStream(FileDescriptor.out);
    System.setErr(new PrintStream(output, true, StandardCharsets.UTF_8));
    SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[2]));
    say(output, "starts");
    FileSecretStore store = FileSecretStore.openExisting(Path.of(arguments[0]));
    for (int i = 0; i < THREADS; i++) {
      new DoomedWorker(store, arguments[1] + "." + i, random.split(), output).start();
    }
  }

  private static void say(FileOutputStream output, String line) throws IOException {
    output.write((line + '\n').getBytes(StandardCharsets.UTF_8));
  }

  private void say(char what, String key) throws IOException {
    say(output, name + ' ' + what + ' ' + key);
  }

  @Override
  public void run() {
    try {
      for (int number = 0; ; number++) {
        int what = random.nextInt(32);
        if (what == 0) {
          store.compact();
        } else if (what % 2 == 0) {
          create("k" + random.nextInt(ZONES) + '-' + name + '-' + number);
        } else {
          take();
        }
      }
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private void create(String key) throws IOException {
    say('?', key);
    commit(store, put(key, 0, valueOf(key)));
    say('+', key);
  }

  /** One of the first in a zone, so that many want the same. */
  private void take() throws IOException {
    RecordKey zone = new RecordKey("k" + random.nextInt(ZONES));
    List<StoredRecord> first = store.scan(zone, 2);
    if (first.isEmpty()) {
      return;
    }
    StoredRecord record = first.get(random.nextInt(first.size()));
    String key = record.key().text();
    say('~', key);
    try {
      commit(store, delete(key, record.revision()));
    } catch (RevisionConflictException lost) {
      say('=', key);
      return;
    }
    boolean whole =
        new String(record.bytes(), StandardCharsets.UTF_8).equals(valueOf(key))
            && record.revision() == 1;
    say('-', whole ? key : key + " is damaged");
  }
}
