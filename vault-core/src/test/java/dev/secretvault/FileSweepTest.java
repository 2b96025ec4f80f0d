package dev.secretvault;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileSweepTest extends SweepContract {
  @TempDir Path directory;

  @Override
  VaultFixture newFixture() {
    return VaultFixture.onFiles(directory.resolve("vault"));
  }
}
