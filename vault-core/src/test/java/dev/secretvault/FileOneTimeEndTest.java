package dev.secretvault;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileOneTimeEndTest extends OneTimeEndContract {
  @TempDir Path directory;

  @Override
  VaultFixture newFixture() {
    return VaultFixture.onFiles(directory.resolve("vault"));
  }
}
