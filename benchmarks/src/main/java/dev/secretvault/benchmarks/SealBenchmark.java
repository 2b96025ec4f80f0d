package dev.secretvault.benchmarks;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AeadConfig2026;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.config.TinkConfig2026;
import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.RecordCipher;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Sealing and opening a record in use, beside AES-256-GCM of the same bytes by the JCA and by Tink;
 * and the first use of a record, which derives its key. All take a plaintext to a new array with
 * the nonce in it, or back, with a random nonce from the platform's generator for each and
 * associated data of the same length, which the bare ones have ready.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SealBenchmark {

  private static final String RECORD = "AAAAAAAAAAA.v.00000000000000000000000000.1";
  private static final String PURPOSE = "value";
  private static final int ASSOCIATED_BYTES = 123; // what a record of this key and purpose has

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  /** One plaintext, sealed by each. */
  @State(Scope.Thread)
  public static class Sealed {

    /** The length of the plaintext, in bytes. */
    @Param({"64", "1024", "65536"})
    public int size;

    private final byte[] associated = random(ASSOCIATED_BYTES);
    private long revision = 7;
    private byte[] plaintext;
    private Keyring keyring;
    private RecordCipher record;
    private byte[] recordSealed;
    private Aead tink;
    private byte[] tinkSealed;
    private SecretKeySpec jcaKey;
    private Cipher jca;
    private final SecureRandom jcaRandom = new SecureRandom();
    private byte[] jcaSealed;

    @Setup
    public void seal() throws GeneralSecurityException {
      plaintext = random(size);
      keyring = Keyring.create(MasterKey.fromBytes(random(MasterKey.BYTES)));
      record = keyring.cipher("", RECORD, PURPOSE);
      recordSealed = record.seal(revision, plaintext);
      tink =
          KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM, TinkConfig2026.get())
              .getPrimitive(AeadConfig2026.get(), Aead.class);
      tinkSealed = tink.encrypt(plaintext, associated);
      jcaKey = new SecretKeySpec(random(32), "AES");
      jca = Cipher.getInstance("AES/GCM/NoPadding");
      jcaSealed = jcaEncrypt();
    }

    byte[] jcaEncrypt() throws GeneralSecurityException {
      byte[] nonce = new byte[12];
      jcaRandom.nextBytes(nonce);
      jca.init(Cipher.ENCRYPT_MODE, jcaKey, new GCMParameterSpec(128, nonce));
      jca.updateAAD(associated);
      byte[] sealed = new byte[nonce.length + plaintext.length + 16];
      System.arraycopy(nonce, 0, sealed, 0, nonce.length);
      jca.doFinal(plaintext, 0, plaintext.length, sealed, nonce.length);
      return sealed;
    }

    byte[] jcaDecrypt() throws GeneralSecurityException {
      jca.init(Cipher.DECRYPT_MODE, jcaKey, new GCMParameterSpec(128, jcaSealed, 0, 12));
      jca.updateAAD(associated);
      return jca.doFinal(jcaSealed, 12, jcaSealed.length - 12);
    }

    @TearDown
    public void close() {
      keyring.close();
    }
  }

  /** A record of 64 bytes after the other, none of which was in use. */
  @State(Scope.Thread)
  public static class Fresh {
    private static final int RECORDS = 1 << 10;

    private final byte[] plaintext = random(64);
    private final String[] keys = new String[RECORDS];
    private final byte[][] sealed = new byte[RECORDS][];
    private Keyring keyring;
    private int next;

    @Setup
    public void seal() {
      keyring = Keyring.create(MasterKey.fromBytes(random(MasterKey.BYTES)));
      for (int i = 0; i < RECORDS; i++) {
        keys[i] = RECORD.substring(0, RECORD.length() - 6) + (1_000 + i) + ".1";
        sealed[i] = keyring.cipher("", keys[i], PURPOSE).seal(1, plaintext);
      }
    }

    int next() {
      next = (next + 1) % RECORDS;
      return next;
    }

    @TearDown
    public void close() {
      keyring.close();
    }
  }

  @Benchmark
  public byte[] sealRecord(Sealed state) {
    return state.record.seal(state.revision, state.plaintext);
  }

  @Benchmark
  public byte[] sealBareTink(Sealed state) throws GeneralSecurityException {
    return state.tink.encrypt(state.plaintext, state.associated);
  }

  @Benchmark
  public byte[] sealBareJca(Sealed state) throws GeneralSecurityException {
    return state.jcaEncrypt();
  }

  @Benchmark
  public byte[] openRecord(Sealed state) {
    return state.record.open(state.revision, state.recordSealed);
  }

  @Benchmark
  public byte[] openBareTink(Sealed state) throws GeneralSecurityException {
    return state.tink.decrypt(state.tinkSealed, state.associated);
  }

  @Benchmark
  public byte[] openBareJca(Sealed state) throws GeneralSecurityException {
    return state.jcaDecrypt();
  }

  @Benchmark
  public byte[] sealFirst(Fresh state) {
    return state.keyring.cipher("", state.keys[state.next()], PURPOSE).seal(1, state.plaintext);
  }

  @Benchmark
  public byte[] openFirst(Fresh state) {
    int number = state.next();
    return state.keyring.cipher("", state.keys[number], PURPOSE).open(1, state.sealed[number]);
  }
}
