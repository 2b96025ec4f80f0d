package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.SecretStoreContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

class FileSecretStoreTest extends SecretStoreContract {

  @TempDir Path parent;

  private Path directory() {
    return parent.resolve("store");
  }

  @Override
  protected SecretStore openStore() {
    return FileSecretStore.open(directory());
  }

  @Override
  protected boolean severalOpen() {
    return true;
  }

  @Override
  protected void checkMedium() throws Exception {
    if (!Files.exists(directory())) {
      return;
    }
    List<String> names = new RealDisk(directory()).list();
    String log = Names.log(Names.newestGeneration(names));
    assertThat(names).containsExactlyInAnyOrder("lock", log, "settled");
    assertThat(mode(directory())).isEqualTo("rwx------");
    assertThat(mode(directory().resolve(log))).isEqualTo("rw-------");
    assertThat(mode(directory().resolve("lock"))).isEqualTo("rw-------");
    assertThat(directory().resolve("lock")).isEmptyFile();
    assertThat(openDescriptors()).as("files left open").isEmpty();
    Map<String, StrictLog.Stored> independent =
        StrictLog.read(Files.readAllBytes(directory().resolve(log)));
    try (FileSecretStore store = FileSecretStore.openExisting(directory())) {
      assertThat(store.recovery().tornTailCut()).isFalse();
      RecordKey after = null;
      int count = 0;
      for (List<StoredRecord> page = store.scan(null, 100);
          !page.isEmpty();
          page = store.scan(after, 100)) {
        page.forEach(record -> assertSame(record, independent.get(record.key().text())));
        after = page.get(page.size() - 1).key();
        count += page.size();
      }
      assertThat(count).isEqualTo(independent.size());
    }
  }

  private static void assertSame(StoredRecord record, StrictLog.Stored other) {
    assertThat(record.revision()).isEqualTo(other.revision());
    assertThat(record.expiresAt() == null ? null : "" + record.expiresAt().toEpochMilli())
        .isEqualTo(other.expiresAt());
    assertThat(Base64.getEncoder().encodeToString(record.bytes()).equals(other.base64()))
        .as("same bytes")
        .isTrue();
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private List<Path> openDescriptors() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    if (!Files.isDirectory(descriptors)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(descriptors)) {
      return all.map(FileSecretStoreTest::target)
          .filter(path -> path.startsWith(directory()))
          .toList();
    }
  }

  private static Path target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor);
    } catch (IOException closedMeanwhile) {
      return descriptor;
    }
  }
}
