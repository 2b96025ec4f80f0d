package dev.secretvault.crypto;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A passphrase; the secret of a slot is its Argon2id with the slot's parameters. */
final class PassphraseMasterKey extends MasterKey {

  private final byte[] passphrase;

  /** Takes the array over. */
  PassphraseMasterKey(byte[] passphrase) {
    this.passphrase = passphrase;
  }

  @Override
  UnlockSlot.Kind kind() {
    return UnlockSlot.Kind.PASSPHRASE;
  }

  @Override
  SlotSecret makeSlot(byte[] vaultId) {
    Argon2 argon2 = Argon2.forVault();
    return new SlotSecret(argon2.encode(), argon2.derive(passphrase, new byte[0]));
  }

  @Override
  byte[] findSecret(byte[] vaultId, byte[] parameters) {
    return Argon2.parse(ByteBuffer.wrap(parameters)).derive(passphrase, new byte[0]);
  }

  @Override
  void erase() {
    Arrays.fill(passphrase, (byte) 0);
  }
}
