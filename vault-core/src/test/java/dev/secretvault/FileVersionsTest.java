package dev.secretvault;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileVersionsTest extends VersionsContract {
  @TempDir Path directory;

  @Override
  VaultFixture newFixture() {
    return VaultFixture.onFiles(directory.resolve("vault"));
  }
}
