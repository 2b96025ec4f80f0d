package dev.secretvault;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileOneTimeTest extends OneTimeContract {
  @TempDir Path directory;

  @Override
  VaultFixture newFixture() {
    return VaultFixture.onFiles(directory.resolve("vault"));
  }
}
