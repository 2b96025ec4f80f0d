package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** One way to keep values under keys in a directory. What each promises is said at its class. */
interface Peer extends Creator {

  /** Opens what is in a directory, or begins there. */
  static Peer open(String kind, Path directory) throws Exception {
    return switch (kind) {
      case "secretvault" -> new VaultPeer(directory, 32);
      case "secretvault-alone" -> new VaultPeer(directory, 1);
      case "bare" -> new FilePeers.Bare(directory);
      case "file-each" -> new FilePeers.FileEach(directory);
      case "json" -> new FilePeers.Json(directory);
      case "sqlite" -> new DatabasePeers.Sqlite(directory);
      case "mvstore" -> new DatabasePeers.H2(directory);
      case "pkcs12" -> new KeyStorePeers.Pkcs12(directory, false);
      case "pkcs12-durable" -> new KeyStorePeers.Pkcs12(directory, true);
      case "elytron" -> new KeyStorePeers.Elytron(directory);
      default -> throw new IllegalArgumentException("store: none is called " + kind);
    };
  }

  /** The value under a key. */
  byte[] read(RecordKey key) throws Exception;

  /** How many keys there are. */
  long count() throws Exception;

  /** Writes a whole file in place of the one with that name, durably. */
  static void replace(Path file, byte[] bytes) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".tmp");
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer content = ByteBuffer.wrap(bytes);
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel directory = FileChannel.open(file.resolveSibling(""))) {
      directory.force(true);
    }
  }
}
