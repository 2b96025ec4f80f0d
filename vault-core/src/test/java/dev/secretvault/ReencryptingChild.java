package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs in a process of its own: re-encrypts a vault while threads read it. Prints {@code resealed
 * reads} after each batch, and waits for a line before it goes on.
 */
final class ReencryptingChild {

  /** The environment variable with the master key. */
  static final String KEY = "SECRETVAULT_TEST_MASTER_KEY";

  private static final int READERS = 2;

  private final SecretVault vault;
  private final int secrets;
  private final AtomicLong reads = new AtomicLong();
  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  private long readsBefore;
  private volatile boolean over;

  private ReencryptingChild(SecretVault vault, int secrets) {
    this.vault = vault;
    this.secrets = secrets;
  }

  static String nameOf(int number) {
    return "name " + number;
  }

  static String valueOf(int number) {
    return "value of " + number;
  }

  /** Reveals a secret, and signs with it. */
  static void check(SecretVault vault, int number) {
    String name = nameOf(number);
    try (SecretValue value = vault.reveal(name)) {
      if (!VaultFixture.textOf(value).equals(valueOf(number))) {
        throw new AssertionError("another value came out");
      }
    }
    if (!vault.verify(name, "u", vault.hmac(name, "u").hex())) {
      throw new AssertionError("a digest does not verify");
    }
  }

  /**
   * What runs in the other process.
   *
   * @param arguments the directory of the store, how many secrets are there, and a seed
   */
  public static void main(String[] arguments) throws InterruptedException {
    int secrets = Integer.parseInt(arguments[1]);
    long seed = Long.parseLong(arguments[2]);
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(Path.of(arguments[0])))
            .masterKey(MasterKey.fromEnvironment(KEY))
            .openExisting()) {
      new ReencryptingChild(vault, secrets).run(seed);
    }
  }

  private void run(long seed) throws InterruptedException {
    List<Thread> readers = new ArrayList<>();
    for (int reader = 0; reader < READERS; reader++) {
      SplittableRandom random = new SplittableRandom(seed + reader);
      Thread thread = new Thread(() -> read(random));
      thread.start();
      readers.add(thread);
    }
    Reencryption done = vault.keys().reencrypt(this::report);
    over = true;
    for (Thread reader : readers) {
      reader.join();
    }
    System.out.println("finished " + done.resealed() + " " + done.quarantined());
  }

  private void read(SplittableRandom random) {
    try {
      while (!over) {
        check(vault, random.nextInt(secrets));
        reads.incrementAndGet();
      }
    } catch (Throwable e) {
      System.out.println("FAILED " + e);
      Runtime.getRuntime().halt(1);
    }
  }

  private void report(Reencryption progress) {
    while (reads.get() == readsBefore) {
      Thread.onSpinWait(); // So that with each batch somebody has read.
    }
    readsBefore = reads.get();
    System.out.println(progress.resealed() + " " + readsBefore);
    try {
      input.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
