package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A key of 32 bytes, or the file that it is read from, at the latest when it is needed. */
final class RawMasterKey extends MasterKey {

  private final @Nullable Path file;
  private byte @Nullable [] key;

  /** Takes the array over. One of the two is not null. */
  RawMasterKey(@Nullable Path file, byte @Nullable [] key) {
    this.file = file;
    this.key = key;
  }

  @Override
  UnlockSlot.Kind kind() {
    return UnlockSlot.Kind.RAW;
  }

  @Override
  SlotSecret makeSlot(byte[] vaultId) {
    if (key == null && file != null && !Files.exists(file)) {
      KeyText.create(file);
    }
    return new SlotSecret(new byte[0], findSecret(vaultId, new byte[0]));
  }

  @Override
  byte[] findSecret(byte[] vaultId, byte[] parameters) {
    load();
    return Objects.requireNonNull(key, "key").clone();
  }

  @Override
  void load() {
    if (key == null) {
      Path from = Objects.requireNonNull(file, "file");
      if (!Files.exists(from)) {
        throw new CryptoException(
            Reason.KEY_UNAVAILABLE,
            "there is no master key file " + from + ": restore it, or name the right file");
      }
      key = KeyText.read(from);
    }
  }

  @Override
  void erase() {
    if (key != null) {
      Arrays.fill(key, (byte) 0);
      key = null;
    }
  }
}
