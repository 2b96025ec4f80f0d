package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaultOpeningTest {

  private static final RecordKey HEADER = new RecordKey("header");

  @TempDir Path directory;
  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();

  private static MasterKey key(int first) {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = (byte) first;
    return MasterKey.fromBytes(key);
  }

  private VaultBuilder builder(int key) {
    return SecretVault.builder().store(InMemorySecretStore.open(medium)).masterKey(key(key));
  }

  private byte[] header() {
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      return store.read(HEADER).orElseThrow().bytes();
    }
  }

  private void replaceHeader(byte[] bytes) {
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      store.commit(List.of(Change.put(HEADER, store.read(HEADER).orElseThrow().revision(), bytes)));
    }
  }

  @Test
  void openExisting_emptyStore_isRefusedAndWritesNothing() {
    assertThatThrownBy(() -> builder(1).openExisting()).isInstanceOf(VaultNotFoundException.class);
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      assertThat(store.scan(null, 10)).isEmpty();
    }
    builder(1).open().close();
    builder(1).openExisting().close();
  }

  @Test
  void open_wrongMasterKey_isToldFromDamage() {
    builder(1).open().close();
    byte[] header = header();
    assertThatThrownBy(() -> builder(2).open()).isInstanceOf(WrongMasterKeyException.class);
    assertThat(header()).isEqualTo(header);
  }

  @Test
  void open_everyBitOfTheHeaderFlipped_isDamage() {
    builder(1).open().close();
    byte[] header = header();
    for (int bit = 0; bit < 8 * header.length; bit++) {
      byte[] flipped = header.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      replaceHeader(flipped);
      assertThatThrownBy(() -> builder(1).open())
          .as("bit %s", bit)
          .isInstanceOf(IntegrityException.class);
    }
    replaceHeader(header);
    builder(1).openExisting().close();
  }

  @Test
  void open_truncatedHeader_isDamage() {
    builder(1).open().close();
    byte[] header = header();
    for (int length = 0; length < header.length; length++) {
      replaceHeader(Arrays.copyOf(header, length));
      assertThatThrownBy(() -> builder(1).open()).isInstanceOf(IntegrityException.class);
    }
  }

  @Test
  void open_newerHeader_asksForAnUpgrade() {
    builder(1).open().close();
    byte[] header = header();
    ByteBuffer.wrap(header).putShort(4, (short) 2);
    CRC32C crc = new CRC32C();
    crc.update(header, 0, 6);
    crc.update(header, 10, header.length - 10);
    ByteBuffer.wrap(header).putInt(6, (int) crc.getValue());
    replaceHeader(header);
    assertThatThrownBy(() -> builder(1).open()).isInstanceOf(UnsupportedFormatException.class);
  }

  @Test
  void open_recordsWithoutHeader_isDamageAndMakesNoNewVault() {
    try (SecretVault vault = builder(1).open()) {
      vault.create(SecretSpec.named("n").generated()).close();
    }
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      store.commit(List.of(Change.delete(HEADER, 1)));
    }
    assertThatThrownBy(() -> builder(1).open()).isInstanceOf(IntegrityException.class);
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      assertThat(store.read(HEADER)).isEmpty();
    }
  }

  @Test
  void open_byManyAtOnce_makesOneVault() {
    Set<String> headers = ConcurrentHashMap.newKeySet();
    AtomicInteger opened = new AtomicInteger();
    Racers.run(
        8,
        racer -> {
          try (SecretVault vault = builder(1).open()) {
            vault.create(SecretSpec.named("by-" + racer).generated()).close();
            headers.add(HexFormat.of().formatHex(header()));
            opened.incrementAndGet();
          }
        });
    assertThat(headers).hasSize(1);
    assertThat(opened).hasValue(8);
    try (SecretVault vault = builder(1).openExisting()) {
      assertThat(vault.list(ListQuery.all()).items()).hasSize(8);
    }
  }

  @Test
  void open_keyFile_isMadeForANewVaultOnly() throws IOException {
    Path file = directory.resolve("master.key");
    Path store = directory.resolve("vault");
    SecretVault.builder()
        .store(FileSecretStore.open(store))
        .masterKey(MasterKey.fromFile(file))
        .open()
        .close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Files.delete(file);
    assertThatThrownBy(
            () ->
                SecretVault.builder()
                    .store(FileSecretStore.openExisting(store))
                    .masterKey(MasterKey.fromFile(file))
                    .open())
        .isInstanceOf(MasterKeyUnavailableException.class);
    assertThat(file).doesNotExist();
  }

  @Test
  void open_thatFails_closesTheStoreAndTheKey() {
    builder(1).open().close();
    SecretStore store = InMemorySecretStore.open(medium);
    MasterKey wrong = key(2);
    assertThatThrownBy(() -> SecretVault.builder().store(store).masterKey(wrong).open())
        .isInstanceOf(WrongMasterKeyException.class);
    assertThatThrownBy(() -> store.read(HEADER)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretVault.builder().store(store).masterKey(wrong).open())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void builder_optionTwiceOrMissing_isRefused() {
    assertThatThrownBy(() -> builder(1).masterKey(key(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("masterKey was already set");
    assertThatThrownBy(() -> builder(1).store(new InMemorySecretStore()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretVault.builder().masterKey(key(1)).open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("store: must be set");
    assertThatThrownBy(() -> SecretVault.builder().store(new InMemorySecretStore()).open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("masterKey: must be set");
  }

  @Test
  void builder_usedTwice_isRefusedAndHarmsNotTheFirstVault() {
    VaultBuilder builder = builder(1);
    try (SecretVault vault = builder.open()) {
      assertThatThrownBy(builder::open).isInstanceOf(IllegalStateException.class);
      vault.create(SecretSpec.named("n").generated()).close();
      assertThat(vault.find("n")).isPresent();
    }
  }

  @Test
  void closed_vaultRefusesEveryCall() {
    SecretVault vault = builder(1).open();
    SecretId id;
    try (CreatedSecret created = vault.create(SecretSpec.named("n").generated().active())) {
      id = created.info().id();
    }
    vault.hmac("n", "u");
    vault.close();
    vault.close();
    List<ThrowingCallable> calls =
        List.of(
            () -> vault.create(SecretSpec.named("m").generated()),
            () -> vault.activate(id),
            () -> vault.deactivate(id),
            () -> vault.delete(id),
            () -> vault.describe(id),
            () -> vault.find("n"),
            () -> vault.list(ListQuery.all()),
            () -> vault.reveal(id),
            () -> vault.reveal("n"),
            () -> vault.hmac(id, "u"),
            () -> vault.hmac("n", "u"),
            () -> vault.verify(id, "u", "00"),
            () -> vault.verify("n", "u", "00"));
    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the vault is closed");
    }
  }

  @Test
  void close_whileOthersCreate_losesNothingAcknowledged() {
    SecretVault vault = builder(1).open();
    Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    CountDownLatch running = new CountDownLatch(7);
    Racers.run(
        8,
        racer -> {
          if (racer == 0) {
            running.await();
            vault.close();
            return;
          }
          for (int i = 0; ; i++) {
            String name = racer + "-" + i;
            try {
              vault.create(SecretSpec.named(name).value(name.toCharArray()).active()).close();
            } catch (IllegalStateException closed) {
              return;
            }
            acknowledged.add(name);
            running.countDown();
          }
        });
    try (SecretVault again = builder(1).openExisting()) {
      for (String name : acknowledged) {
        try (SecretValue value = again.reveal(name)) {
          assertThat(VaultFixture.textOf(value)).isEqualTo(name);
        }
      }
    }
  }

  @Test
  void twoVaults_onOneMedium_obeyEachOther() {
    try (SecretVault one = builder(1).open();
        SecretVault two = builder(1).open();
        CreatedSecret created = one.create(SecretSpec.named("n").generated().active())) {
      String digest = two.hmac("n", "u").hex();
      one.deactivate(created.info().id());
      // In one process the report is made before the commit returns.
      assertThatThrownBy(() -> two.hmac("n", "u")).isInstanceOf(SecretNotActiveException.class);
      one.activate(created.info().id());
      assertThat(two.verify("n", "u", digest)).isTrue();
      one.delete(created.info().id());
      assertThat(two.verify("n", "u", digest)).isFalse();
    }
  }
}
