package dev.secretvault.benchmarks;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AeadConfig2026;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.config.TinkConfig2026;
import dev.secretvault.AuditPolicy;
import dev.secretvault.SecretId;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import dev.secretvault.VaultBuilder;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Creating and revealing a secret of 64 bytes through the whole public call, in memory and on disk;
 * beside AES-256-GCM of the same bytes by the JCA and by Tink, and, for what is durable, a bare
 * append of as many bytes as a create writes, forced.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SecretBenchmark {

  private static final byte[] VALUE = new byte[64];
  private static final byte[] ASSOCIATED = new byte[40];

  /** What the 1,001st create of 64 bytes adds to the log. */
  static final int FRAME_BYTES = 632;

  static {
    new SecureRandom().nextBytes(VALUE);
  }

  /** A vault on one kind of store. */
  @State(Scope.Benchmark)
  public static class Vault {

    /** Where the vault is kept, and whether with an audit trail. */
    @Param({"memory", "file", "memory-audited", "file-audited"})
    public String store;

    private int next;
    Path directory;
    SecretVault vault;
    SecretId id;

    @Setup(Level.Iteration)
    public void open() throws IOException {
      byte[] key = new byte[MasterKey.BYTES];
      new SecureRandom().nextBytes(key);
      directory = Files.createTempDirectory("secretvault-benchmark-");
      SecretStore opened =
          store.startsWith("file")
              ? FileSecretStore.open(directory.resolve("vault"))
              : new InMemorySecretStore();
      VaultBuilder builder =
          SecretVault.builder().store(opened).masterKey(MasterKey.fromBytes(key));
      if (store.endsWith("audited")) {
        builder.audit(AuditPolicy.keep(1_000_000).withReveals());
      }
      vault = builder.open();
      id = vault.create(SecretSpec.named("revealed").value(VALUE).active()).info().id();
    }

    synchronized String nextName() {
      return "created-" + next++;
    }

    @TearDown(Level.Iteration)
    public void close() throws IOException {
      vault.close();
      deleteAll(directory);
    }
  }

  /** Bare AES-256-GCM. */
  @State(Scope.Thread)
  public static class Bare {
    private final SecureRandom random = new SecureRandom();
    private SecretKeySpec key;
    private Cipher cipher;
    private byte[] nonce;
    private byte[] jcaCiphertext;
    private byte[] tinkCiphertext;
    private Aead tink;

    @Setup
    public void prepare() throws GeneralSecurityException {
      byte[] bytes = new byte[32];
      random.nextBytes(bytes);
      key = new SecretKeySpec(bytes, "AES");
      cipher = Cipher.getInstance("AES/GCM/NoPadding");
      jcaCiphertext = encrypt();
      tink =
          KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM, TinkConfig2026.get())
              .getPrimitive(AeadConfig2026.get(), Aead.class);
      tinkCiphertext = tink.encrypt(VALUE, ASSOCIATED);
    }

    byte[] encrypt() throws GeneralSecurityException {
      nonce = new byte[12];
      random.nextBytes(nonce);
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce));
      cipher.updateAAD(ASSOCIATED);
      return cipher.doFinal(VALUE);
    }

    byte[] decrypt() throws GeneralSecurityException {
      cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, nonce));
      cipher.updateAAD(ASSOCIATED);
      return cipher.doFinal(jcaCiphertext);
    }
  }

  /** A bare file to append to. */
  @State(Scope.Benchmark)
  public static class Log {
    private final byte[] frame = new byte[FRAME_BYTES];
    private Path file;
    private RandomAccessFile log;

    @Setup(Level.Iteration)
    public void open() throws IOException {
      file = Files.createTempFile("secretvault-benchmark-", ".log");
      log = new RandomAccessFile(file.toFile(), "rw");
    }

    @TearDown(Level.Iteration)
    public void close() throws IOException {
      log.close();
      Files.delete(file);
    }
  }

  @Benchmark
  public SecretId createVault(Vault state) {
    return state.vault.create(SecretSpec.named(state.nextName()).value(VALUE).active()).info().id();
  }

  @Benchmark
  public byte[] createBareJca(Bare bare) throws GeneralSecurityException {
    return bare.encrypt();
  }

  @Benchmark
  public byte[] createBareTink(Bare bare) throws GeneralSecurityException {
    return bare.tink.encrypt(VALUE, ASSOCIATED);
  }

  @Benchmark
  public long createBareAppendAndForce(Log bare) throws IOException {
    bare.log.write(bare.frame);
    bare.log.getFD().sync();
    return bare.log.getFilePointer();
  }

  @Benchmark
  public int revealVault(Vault state) {
    try (SecretValue value = state.vault.reveal(state.id)) {
      return value.use(bytes -> bytes.length);
    }
  }

  @Benchmark
  public byte[] revealBareJca(Bare bare) throws GeneralSecurityException {
    return bare.decrypt();
  }

  @Benchmark
  public byte[] revealBareTink(Bare bare) throws GeneralSecurityException {
    return bare.tink.decrypt(bare.tinkCiphertext, ASSOCIATED);
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    }
  }
}
