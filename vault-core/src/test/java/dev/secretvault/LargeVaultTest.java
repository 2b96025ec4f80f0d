package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many secrets on files: the master key is changed without touching them, and re-encrypting them is
 * killed again and again. {@code -Dsecretvault.secrets=100000 -Dsecretvault.kills=20} is the full
 * size, {@code -Dsecretvault.seed=} repeats a run.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class LargeVaultTest {

  private static final int SECRETS = Integer.getInteger("secretvault.secrets", 2_000);
  private static final int KILLS = Integer.getInteger("secretvault.kills", 4);
  private static final long RECORDS = 3L * SECRETS;

  /** However many secrets there are. A header is some 500 bytes, and Base64 in the log. */
  private static final long MAX_BYTES_OF_A_HEADER = 2_048;

  private static final long LONGEST_SPIN = TimeUnit.MILLISECONDS.toNanos(5);

  @TempDir Path parent;

  private final byte[] masterKey = randomKey();
  private Path directory;

  private static byte[] randomKey() {
    byte[] key = new byte[MasterKey.BYTES];
    new SecureRandom().nextBytes(key);
    return key;
  }

  private SecretVault open(byte[] key) {
    return SecretVault.builder()
        .store(FileSecretStore.openExisting(directory))
        .masterKey(MasterKey.fromBytes(key))
        .openExisting();
  }

  /** By way of a vault in memory, whose records are copied: a commit for each takes its time. */
  @BeforeEach
  void fill() {
    directory = parent.resolve("vault");
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    try (SecretVault vault =
        SecretVault.builder()
            .store(InMemorySecretStore.open(medium))
            .masterKey(MasterKey.fromBytes(masterKey))
            .open()) {
      for (int number = 0; number < SECRETS; number++) {
        VaultFixture.create(
            vault,
            SecretSpec.named(ReencryptingChild.nameOf(number))
                .value(ReencryptingChild.valueOf(number).toCharArray())
                .active());
      }
    }
    try (SecretStore from = InMemorySecretStore.open(medium);
        SecretStore to = FileSecretStore.open(directory)) {
      List<StoredRecord> page = from.scan(null, SecretStore.MAX_PAGE);
      while (!page.isEmpty()) {
        List<Change> copies = new ArrayList<>();
        page.forEach(stored -> copies.add(Change.put(stored.key(), 0, stored.bytes())));
        to.commit(copies);
        page = from.scan(page.get(page.size() - 1).key(), SecretStore.MAX_PAGE);
      }
    }
  }

  /** How many bytes of each file are used: a log may have zeros behind its end. */
  private Map<Path, Long> sizes() throws IOException {
    Map<Path, Long> sizes = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        sizes.put(file, used(file));
      }
    }
    return sizes;
  }

  private static long used(Path file) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
      long end = bytes.length();
      byte[] last = new byte[(int) Math.min(end, 1 << 18)];
      bytes.seek(end - last.length);
      bytes.readFully(last);
      for (int i = last.length; i > 0 && last[i - 1] == 0; i--) {
        end--;
      }
      return end;
    }
  }

  /** How many of the bytes that {@code before} has are others in {@code after}. */
  private static long changed(Path before, Path after) throws IOException {
    long changed = 0;
    long used = used(before);
    try (InputStream was = new BufferedInputStream(Files.newInputStream(before), 1 << 16);
        InputStream is = new BufferedInputStream(Files.newInputStream(after), 1 << 16)) {
      for (long at = 0; at < used; at++) {
        if (is.read() != was.read()) {
          changed++;
        }
      }
    }
    return changed;
  }

  @Test
  void changeMasterKey_writesTheHeaderAndErasesTheOldOne_andNothingElse(@TempDir Path copies)
      throws IOException {
    byte[] replacement = randomKey();
    try (SecretVault vault = open(masterKey)) {
      Map<Path, Long> before = sizes();
      for (Path file : before.keySet()) {
        Files.copy(file, copies.resolve(file.getFileName()));
      }
      vault
          .keys()
          .changeMasterKey(MasterKey.fromBytes(masterKey), MasterKey.fromBytes(replacement));
      Map<Path, Long> after = sizes();
      long written = sum(after) - sum(before);
      long erased = 0;
      for (Path file : before.keySet()) {
        erased += changed(copies.resolve(file.getFileName()), file);
      }
      System.out.printf(
          "changeMasterKey with %d secrets: %d bytes written, %d erased, beside %d%n",
          SECRETS, written, erased, sum(before));
      assertThat(after.keySet()).isEqualTo(before.keySet());
      assertThat(written).isBetween(1L, MAX_BYTES_OF_A_HEADER);
      assertThat(erased).isBetween(1L, MAX_BYTES_OF_A_HEADER);
    }
    try (SecretVault vault = open(replacement)) {
      for (int number = 0; number < SECRETS; number++) {
        ReencryptingChild.check(vault, number);
      }
    }
  }

  private static long sum(Map<Path, Long> sizes) {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void reencrypt_killedAgainAndAgain_losesNothing() throws Exception {
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf(
        "reencrypt %d secrets with %d kills, -Dsecretvault.seed=%d%n", SECRETS, KILLS, seed);
    SplittableRandom random = new SplittableRandom(seed);
    try (SecretVault vault = open(masterKey)) {
      vault.keys().rotate();
    }
    long left = RECORDS;
    for (int kills = KILLS; kills > 0; kills--) {
      long goal = random.nextLong(Math.max(1, 2 * left / (kills + 2)));
      try (ChildJvm child = startChild(random)) {
        runUntil(child, goal, random.nextLong(LONGEST_SPIN));
      }
      long former = left;
      left = checkAfterKill();
      assertThat(left).as("killed before the end").isBetween(1L, former - goal);
      System.out.printf("killed after %d records, %d are left%n", former - left, left);
    }
    try (ChildJvm child = startChild(random)) {
      assertThat(runUntil(child, Long.MAX_VALUE, 0)).isEqualTo("finished " + left + " 0");
      assertThat(child.exitCode()).isZero();
    }
    checkAtTheEnd();
  }

  private ChildJvm startChild(SplittableRandom random) throws IOException {
    return ChildJvm.start(
        ReencryptingChild.class,
        List.of("-XX:TieredStopAtLevel=1", "-Xmx512m"),
        Map.of(ReencryptingChild.KEY, HexFormat.of().formatHex(masterKey)),
        directory,
        SECRETS,
        random.nextLong());
  }

  /** Lets the child go on until it has done so much, and kills it within the batch after that. */
  private static String runUntil(ChildJvm child, long goal, long spin) throws IOException {
    long reads = 0;
    while (true) {
      String line = child.line();
      assertThat(line).as("what the child says").matches("\\d+ \\d+|finished .*");
      if (line.startsWith("finished")) {
        return line;
      }
      String[] numbers = line.split(" ", 2);
      assertThat(Long.parseLong(numbers[1])).as("readers go on").isGreaterThan(reads);
      reads = Long.parseLong(numbers[1]);
      child.say("go on");
      if (Long.parseLong(numbers[0]) >= goal) {
        for (long end = System.nanoTime() + spin; System.nanoTime() < end; ) {
          Thread.onSpinWait(); // Anywhere in what it does now.
        }
        child.kill();
        assertThat(child.rest()).noneMatch(rest -> rest.startsWith("FAILED"));
        return line;
      }
    }
  }

  /** How many records are still to be done. */
  private long checkAfterKill() {
    try (SecretVault vault = open(masterKey)) {
      List<KeyEpoch> epochs = vault.keys().keysInUse();
      assertThat(epochs).extracting(KeyEpoch::number).containsExactly(1, 2);
      assertThat(epochs.get(0).records() + epochs.get(1).records()).isEqualTo(RECORDS);
      for (int number = 0; number < SECRETS; number += 97) {
        ReencryptingChild.check(vault, number);
      }
      return epochs.get(0).records();
    }
  }

  private void checkAtTheEnd() {
    try (SecretVault vault = open(masterKey)) {
      assertThat(vault.keys().safeToRetire(1)).isTrue();
      vault.keys().retire(1);
    }
    try (SecretVault vault = open(masterKey)) {
      assertThat(vault.keys().keysInUse())
          .extracting(KeyEpoch::number, KeyEpoch::records)
          .containsExactly(tuple(2, RECORDS));
      for (int number = 0; number < SECRETS; number++) {
        ReencryptingChild.check(vault, number);
      }
    }
  }
}
