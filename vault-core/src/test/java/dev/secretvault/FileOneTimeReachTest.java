package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileOneTimeReachTest extends OneTimeReachContract {
  @TempDir Path directory;

  @Override
  VaultFixture newFixture() {
    return VaultFixture.onFiles(directory.resolve("vault"));
  }

  /** Alters a byte of a record where it lies, as a disk does. */
  private void flip(StoredRecord record) throws IOException {
    String text = Base64.getEncoder().withoutPadding().encodeToString(record.bytes());
    int found = 0;
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] all = Files.readAllBytes(file);
        int at = new String(all, StandardCharsets.ISO_8859_1).indexOf(text);
        if (at >= 0) {
          byte altered = (byte) (all[at + 20] == 'A' ? 'B' : 'A');
          try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            found += out.write(ByteBuffer.wrap(new byte[] {altered}), at + 20);
          }
        }
      }
    }
    assertThat(found).isEqualTo(1);
  }

  private List<StoredRecord> records(String kind) {
    return fixture.stored().entrySet().stream()
        .filter(entry -> entry.getKey().text().contains("." + kind + "."))
        .map(Map.Entry::getValue)
        .toList();
  }

  private List<SecretId> listed(int pageSize) {
    List<SecretId> listed = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      Page<Receipt> page =
          cursor.isEmpty()
              ? fixture.vault.oneTime().recent(pageSize)
              : fixture.vault.oneTime().recent(pageSize, cursor.get());
      page.items().forEach(receipt -> listed.add(receipt.id()));
      cursor = page.next();
    } while (cursor.isPresent());
    return listed;
  }

  @Test
  void recent_goesOnBehindWhatTheStoreFindsDamaged() throws IOException {
    List<SecretId> shared = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      shared.add(
          0, fixture.vault.oneTime().share(OneTimeSpec.of("v".toCharArray())).details().id());
      fixture.clock.advance(Duration.ofMillis(1));
    }
    List<StoredRecord> own = records("o");
    List<StoredRecord> values = records("p");
    flip(values.get(0));
    for (int pageSize : List.of(1, 2, 5, 100)) {
      assertThat(listed(pageSize)).as("no value is asked for").isEqualTo(shared);
    }
    // The newest comes first in the order of keys.
    flip(own.get(0));
    flip(own.get(2));
    flip(own.get(4));
    for (int pageSize : List.of(1, 2, 5, 100)) {
      assertThat(listed(pageSize)).containsExactly(shared.get(1), shared.get(3));
    }
  }
}
