package dev.secretvault.benchmarks;

import dev.secretvault.OneTimeSpec;
import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/** One-time secrets in a vault on files, and the same bytes without one. */
final class OneTimeCreators {

  /** What sharing 200 bytes adds to a log that has a thousand, by one thread. */
  static final int SHARED = 1_016;

  /** What revealing them adds. */
  static final int REVEALED = 272;

  /** What revealing them overwrites: the value, and the record as it was. */
  static final int ERASED = 440;

  private OneTimeCreators() {}

  /** Shares each value once; durably, when that returns. */
  static class Share implements Creator {
    private final SecretVault vault;

    Share(Path directory) {
      byte[] key = new byte[MasterKey.BYTES];
      new SecureRandom().nextBytes(key);
      vault =
          SecretVault.builder()
              .store(FileSecretStore.open(directory.resolve("store")))
              .masterKey(MasterKey.fromBytes(key))
              .open();
    }

    final String share(byte[] value) {
      return vault.oneTime().share(OneTimeSpec.of(value)).link();
    }

    final int reveal(String link) {
      try (SecretValue value = vault.oneTime().reveal(link)) {
        return value.<Integer>use(bytes -> bytes.length);
      }
    }

    @Override
    public void create(RecordKey key, byte[] value) {
      String ignored = share(value);
    }

    @Override
    public final void fill(RecordKey[] keys, int from, int to, byte[] value) {
      IntStream.range(from, to).parallel().mapToObj(i -> share(value)).forEach(link -> {});
    }

    @Override
    public final void close() {
      vault.close();
    }
  }

  /** Reveals what was shared before the time began; durably used up, when that returns. */
  static final class Reveal extends Share {
    private final Queue<String> links = new ConcurrentLinkedQueue<>();

    Reveal(Path directory) {
      super(directory);
    }

    @Override
    public void prepare(int creates, byte[] value) {
      IntStream.range(0, creates).parallel().mapToObj(i -> share(value)).forEach(links::add);
    }

    @Override
    public void create(RecordKey key, byte[] value) {
      if (reveal(links.remove()) != value.length) {
        throw new IllegalStateException("another value was revealed");
      }
    }
  }

  /**
   * The floor: so many bytes are appended and forced, and so many at the beginning are overwritten
   * and forced. With several threads, one after the other.
   */
  static final class Bare implements Creator {
    private final RandomAccessFile file;
    private final int appended;
    private final int overwritten;

    Bare(Path directory, int appended, int overwritten) throws IOException {
      file = new RandomAccessFile(directory.resolve("bare").toFile(), "rw");
      this.appended = appended;
      this.overwritten = overwritten;
      file.write(new byte[overwritten]);
    }

    @Override
    public synchronized void create(RecordKey key, byte[] value) throws IOException {
      file.seek(file.length());
      file.write(new byte[appended]);
      file.getFD().sync();
      if (overwritten > 0) {
        file.seek(0);
        file.write(new byte[overwritten]);
        file.getFD().sync();
      }
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      // Nothing is found again, so nothing has to be there.
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
