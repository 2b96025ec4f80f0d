package dev.secretvault.benchmarks;

import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.Mac;
import com.google.crypto.tink.config.TinkConfig2026;
import com.google.crypto.tink.mac.HmacKey;
import com.google.crypto.tink.mac.HmacParameters;
import com.google.crypto.tink.prf.HmacPrfKey;
import com.google.crypto.tink.prf.HmacPrfParameters;
import com.google.crypto.tink.prf.PrfSet;
import com.google.crypto.tink.util.SecretBytes;
import dev.secretvault.SecretId;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretVault;
import dev.secretvault.TokenForm;
import dev.secretvault.UserIdAuthenticator;
import dev.secretvault.UserIdToken;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.spec.SecretKeySpec;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.util.encoders.Hex;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The digest of a 36-byte user ID, in hexadecimal digits, and its verification, through the whole
 * public call and through the prepared handle; beside the same by the JCA, Tink, Guava, Commons
 * Codec and BouncyCastle with the same key, and two bare SHA-256 compressions as the floor. All
 * start from the user ID as a string, and end with a string or an answer.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DigestBenchmark {

  private static final String USER_ID = "3f2b8c1e-5d4a-4e6f-9a7b-0c1d2e3f4a5b";

  /** One vault, one key, for all threads. */
  @State(Scope.Benchmark)
  public static class Shared {
    SecretVault vault;
    SecretId id;
    String digest;
    SecretKeySpec key;
    PrfSet prf;
    Mac tinkMac;
    HashFunction guava;
    UserIdAuthenticator users;
    Map<String, Object> fields;

    @Setup
    public void open() throws GeneralSecurityException {
      byte[] random = new byte[32];
      new SecureRandom().nextBytes(random);
      vault =
          SecretVault.builder()
              .store(new InMemorySecretStore())
              .masterKey(MasterKey.fromBytes(random))
              .open();
      byte[] value = new byte[32];
      new SecureRandom().nextBytes(value);
      id = vault.create(SecretSpec.named("user-id").value(value).active()).info().id();
      digest = vault.hmac(id, USER_ID).hex();
      key = new SecretKeySpec(value, "HmacSHA256");
      prf = tinkPrf(value);
      tinkMac = tinkMac(value);
      guava = Hashing.hmacSha256(value);
      users = vault.userIds(id);
      fields = users.sign(USER_ID).fields(TokenForm.WEB_CONFIGURATION);
    }

    @AccessesPartialKey
    private static Mac tinkMac(byte[] value) throws GeneralSecurityException {
      HmacKey macKey =
          HmacKey.builder()
              .setParameters(
                  HmacParameters.builder()
                      .setKeySizeBytes(value.length)
                      .setTagSizeBytes(32)
                      .setHashType(HmacParameters.HashType.SHA256)
                      .setVariant(HmacParameters.Variant.NO_PREFIX)
                      .build())
              .setKeyBytes(SecretBytes.copyFrom(value, InsecureSecretKeyAccess.get()))
              .build();
      return KeysetHandle.newBuilder()
          .addEntry(KeysetHandle.importKey(macKey).withRandomId().makePrimary())
          .build()
          .getPrimitive(TinkConfig2026.get(), Mac.class);
    }

    @AccessesPartialKey
    private static PrfSet tinkPrf(byte[] value) throws GeneralSecurityException {
      HmacPrfKey prfKey =
          HmacPrfKey.builder()
              .setParameters(
                  HmacPrfParameters.builder()
                      .setKeySizeBytes(value.length)
                      .setHashType(HmacPrfParameters.HashType.SHA256)
                      .build())
              .setKeyBytes(SecretBytes.copyFrom(value, InsecureSecretKeyAccess.get()))
              .build();
      return KeysetHandle.newBuilder()
          .addEntry(KeysetHandle.importKey(prfKey).withRandomId().makePrimary())
          .build()
          .getPrimitive(TinkConfig2026.get(), PrfSet.class);
    }

    @TearDown
    public void close() {
      vault.close();
    }
  }

  /** What is not thread-safe. */
  @State(Scope.Thread)
  public static class PerThread {
    javax.crypto.Mac mac;
    HmacUtils codec;
    HMac bouncy;
    MessageDigest sha256;
    byte[] block;

    @Setup
    public void prepare(Shared shared) throws GeneralSecurityException {
      mac = javax.crypto.Mac.getInstance("HmacSHA256");
      mac.init(shared.key);
      codec = new HmacUtils(HmacAlgorithms.HMAC_SHA_256, shared.key.getEncoded());
      bouncy = new HMac(new SHA256Digest());
      bouncy.init(new KeyParameter(shared.key.getEncoded()));
      sha256 = MessageDigest.getInstance("SHA-256");
      block = new byte[32];
    }
  }

  @Benchmark
  public byte[] floorTwoCompressions(PerThread own) {
    return own.sha256.digest(own.sha256.digest(own.block));
  }

  @Benchmark
  public String hmacVaultById(Shared shared) {
    return shared.vault.hmac(shared.id, USER_ID).hex();
  }

  @Benchmark
  public String hmacVaultByName(Shared shared) {
    return shared.vault.hmac("user-id", USER_ID).hex();
  }

  @Benchmark
  public String hmacHandle(Shared shared) {
    return shared.users.sign(USER_ID).digest().hex();
  }

  @Benchmark
  public String hmacJcaMacPerThread(PerThread own) {
    return HexFormat.of().formatHex(own.mac.doFinal(utf8()));
  }

  @Benchmark
  public String hmacJcaMacPerCall(Shared shared) throws GeneralSecurityException {
    javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
    mac.init(shared.key);
    return HexFormat.of().formatHex(mac.doFinal(utf8()));
  }

  @Benchmark
  public String hmacTinkPrf(Shared shared) throws GeneralSecurityException {
    return HexFormat.of().formatHex(shared.prf.computePrimary(utf8(), 32));
  }

  @Benchmark
  public String hmacTinkMac(Shared shared) throws GeneralSecurityException {
    return HexFormat.of().formatHex(shared.tinkMac.computeMac(utf8()));
  }

  @Benchmark
  public String hmacGuava(Shared shared) {
    return shared.guava.hashString(USER_ID, StandardCharsets.UTF_8).toString();
  }

  @Benchmark
  public String hmacCommonsCodec(PerThread own) {
    return own.codec.hmacHex(USER_ID);
  }

  @Benchmark
  public String hmacBouncyCastle(PerThread own) {
    byte[] message = utf8();
    own.bouncy.update(message, 0, message.length);
    byte[] digest = new byte[32];
    own.bouncy.doFinal(digest, 0);
    return Hex.toHexString(digest);
  }

  @Benchmark
  public boolean verifyHandle(Shared shared) {
    return shared
        .users
        .verify(UserIdToken.parse(TokenForm.WEB_CONFIGURATION, shared.fields))
        .genuine();
  }

  @Benchmark
  public boolean verifyVault(Shared shared) {
    return shared.vault.verify(shared.id, USER_ID, shared.digest);
  }

  @Benchmark
  public boolean verifyJcaMacPerThread(Shared shared, PerThread own) {
    return MessageDigest.isEqual(own.mac.doFinal(utf8()), HexFormat.of().parseHex(shared.digest));
  }

  @Benchmark
  public boolean verifyTinkMac(Shared shared) {
    try {
      shared.tinkMac.verifyMac(HexFormat.of().parseHex(shared.digest), utf8());
      return true;
    } catch (GeneralSecurityException wrong) {
      return false;
    }
  }

  @Benchmark
  public boolean verifyTinkPrf(Shared shared) throws GeneralSecurityException {
    return MessageDigest.isEqual(
        shared.prf.computePrimary(utf8(), 32), HexFormat.of().parseHex(shared.digest));
  }

  private static byte[] utf8() {
    return USER_ID.getBytes(StandardCharsets.UTF_8);
  }
}
