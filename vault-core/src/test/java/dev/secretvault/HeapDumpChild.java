package dev.secretvault;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.secretvault.crypto.DigestAlgorithm;
import dev.secretvault.crypto.Digester;
import dev.secretvault.crypto.Hmac;
import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.UserIdCipher;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Runs in a process of its own: draws keys, passphrases and values, uses a vault with them, closes
 * it, and dumps the heap. Tells its parent what to look for, masked, so that telling leaves no
 * trace.
 */
final class HeapDumpChild {

  /** What a needle is masked with on its way. */
  static final int MASK = 0x5a;

  private static final SecureRandom RANDOM = new SecureRandom();

  /** Reachable to the end, in the control. */
  private static List<Object> kept = List.of();

  private final Path directory;
  private final byte[] rawKey = new byte[MasterKey.BYTES];
  private final byte[] otherRawKey = new byte[MasterKey.BYTES];
  private final char[] vaultPassphrase = randomText();
  private final char[] secretPassphrase = randomText();
  private final char[] wrongPassphrase = randomText();
  private final char[] text = randomText();
  private final char[] protectedText = randomText();
  private final byte[] bytes = new byte[48];
  private final byte[] aesKey = new byte[32];

  /** Longer than a block of the hash. */
  private final byte[] longBytes = new byte[80];

  /** What is prepared of these, which the program holds to the end. */
  private final List<UserIdAuthenticator> handles = new ArrayList<>();

  private HeapDumpChild(Path directory) {
    this.directory = directory;
    for (byte[] drawn : drawnBytes()) {
      RANDOM.nextBytes(drawn);
    }
  }

  private List<byte[]> drawnBytes() {
    return List.of(rawKey, otherRawKey, bytes, aesKey, longBytes);
  }

  private static char[] randomText() {
    char[] text = new char[24];
    for (int i = 0; i < text.length; i++) {
      text[i] = (char) ('!' + RANDOM.nextInt('~' - '!'));
    }
    return text;
  }

  /**
   * What runs in the other process.
   *
   * @param arguments {@code passphrase}, {@code raw}, {@code changed}, {@code uncollected}, {@code
   *     kept} or {@code dropped}; the directory for the store and the dumps
   */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    HeapDumpChild child = new HeapDumpChild(directory.resolve("vault"));
    boolean collected = !arguments[0].equals("uncollected");
    byte[] masked = child.useVault(arguments[0].equals("passphrase"), collected);
    kept = List.copyOf(child.handles);
    Digester digester = DigestAlgorithm.HMAC_SHA256.prepare(child.bytes);
    if (arguments[0].equals("kept")) {
      kept =
          List.of(
              unmasked(masked),
              child.secretPassphrase.clone(),
              new String(child.text),
              digester,
              UserIdCipher.derive(child.bytes, 1));
    } else if (arguments[0].equals("changed")) {
      kept = List.of(child.useAndChange(), kept);
    }
    if (collected) {
      tellState("inner", digester);
      tellState("outer", digester);
      child.tellDerivedKey();
    }
    digester = null;
    child.tellAndForget();
    if (collected) {
      collect();
    } else {
      requireThatNothingWasCollected();
    }
    Object dropped = arguments[0].equals("dropped") ? unmasked(masked) : new byte[0];
    dump(directory.resolve("all.hprof"), false, dropped);
    dropped = null;
    dump(directory.resolve("live.hprof"), true, kept);
    System.out.println("dumped");
  }

  private MasterKey masterKey(boolean passphrase) {
    return passphrase ? MasterKey.fromPassphrase(vaultPassphrase) : MasterKey.fromBytes(rawKey);
  }

  /**
   * Everything that has to do with keys and values; returns the root key, masked.
   *
   * @param prepare whether also what is dropped and not overwritten
   */
  private byte[] useVault(boolean passphrase, boolean prepare) throws ReflectiveOperationException {
    try (SecretVault vault = open(masterKey(passphrase))) {
      vault.create(SecretSpec.named("text").value(text).active()).close();
      vault.create(SecretSpec.named("bytes").value(bytes).active()).close();
      vault.create(SecretSpec.named("aes").value(aesKey).active()).close();
      vault.create(SecretSpec.named("long").value(longBytes).active()).close();
      vault
          .create(
              SecretSpec.named("protected")
                  .value(protectedText)
                  .passphrase(secretPassphrase)
                  .active())
          .close();
      use(vault);
      vault.keys().rotate();
      vault.keys().reencrypt(progress -> {});
      vault.keys().retire(1);
      use(vault);
      vault.keys().addUnlock(MasterKey.fromBytes(otherRawKey));
      vault.keys().removeUnlock(MasterKey.fromBytes(otherRawKey));
      MasterKey another = MasterKey.fromPassphrase(vaultPassphrase);
      vault.keys().removeUnlock(vault.keys().addUnlock(another).id());
      tellVaultKeys("first ", vault);
      vault.keys().changeMasterKey(masterKey(passphrase), masterKey(passphrase));
    }
    try (SecretVault vault = open(masterKey(passphrase))) {
      use(vault);
      if (prepare) {
        prepare(vault);
      } else {
        hashUnkeyed();
      }
      return tellVaultKeys("", vault);
    }
  }

  /** Leaves the secrets with prepared keys of every kind, and changes each of them. */
  private SecretVault useAndChange() {
    SecretVault vault = open(masterKey(false));
    prepare(vault);
    try (CreatedSecret created = vault.rotate(idOf(vault, "aes"), NewValue.of(new byte[32]))) {
      vault.activate(created.info().id());
      vault.retire(created.info().id(), 1);
    }
    vault.deactivate(idOf(vault, "text"));
    vault.deactivate(idOf(vault, "long"));
    vault.delete(idOf(vault, "bytes"));
    return vault;
  }

  private static SecretId idOf(SecretVault vault, String name) {
    return vault.find(name).orElseThrow().id();
  }

  private void prepare(SecretVault vault) {
    for (String name : List.of("text", "bytes", "aes", "long")) {
      UserIdAuthenticator users = vault.userIds(name);
      users.verify(users.sign("user"));
      users.decrypt(users.encrypt("user"));
      UserIdAuthenticator unkeyed =
          vault.userIds(name, UserIdPolicy.unsafe(DigestAlgorithm.HASH_SHA256));
      unkeyed.verify(unkeyed.sign("user"));
      handles.addAll(List.of(users, unkeyed));
    }
    UserIdAuthenticator cbc = vault.userIds("aes", UserIdPolicy.standard().allowUnsafeAes256Cbc());
    TokenForm form = TokenForm.WIRE_JSON;
    cbc.decryptUnauthenticated(form, cbc.encryptUnauthenticated("user", form));
    handles.add(cbc);
  }

  /** What a plain hash leaves behind but its key, which is overwritten here. */
  private void hashUnkeyed() throws ReflectiveOperationException {
    for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
      if (!algorithm.keyed()) {
        Digester digester = algorithm.prepare(aesKey);
        digester.compute(new byte[4], new byte[0]);
        Arrays.fill((byte[]) get(digester.getClass(), "key", digester), (byte) 0);
      }
    }
  }

  /** The state of a hash that has absorbed a key is as good as that. */
  private static void tellState(String which, Digester digester)
      throws ReflectiveOperationException {
    Object hash = get(Hmac.class, which, digester);
    Object spi = get(hash.getClass().getSuperclass(), "digestSpi", hash);
    int[] words = (int[]) get(spi.getClass().getSuperclass(), "state", spi);
    ByteBuffer state = ByteBuffer.allocate(Integer.BYTES * words.length);
    state.asIntBuffer().put(words);
    tell(which + " state", state.array());
    Arrays.fill(state.array(), (byte) 0);
  }

  /** Of a secret that is not the last one used: the JCA keeps the last key with the thread. */
  private void tellDerivedKey() {
    byte[] label = "-secretvault/1/user-id-encryption".getBytes(StandardCharsets.US_ASCII);
    label[0] = (byte) 0xff;
    byte[] derived = Hmac.sha256(bytes).compute(label);
    tell("derived AES", derived);
    Arrays.fill(derived, (byte) 0);
  }

  private SecretVault open(MasterKey key) {
    return SecretVault.builder().store(FileSecretStore.open(directory)).masterKey(key).open();
  }

  private void use(SecretVault vault) {
    for (String name : List.of("text", "bytes", "aes", "long")) {
      try (SecretValue value = vault.reveal(name)) {
        value.use(lent -> lent.length);
      }
      vault.verify(name, "user", vault.hmac(name, "user").hex());
    }
    try (SecretValue value = vault.reveal("text")) {
      value.useChars(lent -> lent.length);
    }
    try (SecretValue value = vault.reveal("protected", secretPassphrase)) {
      value.useChars(lent -> lent.length);
    }
    try {
      vault.reveal("protected", wrongPassphrase, "caller").close();
      throw new AssertionError("a wrong passphrase opened it");
    } catch (WrongPassphraseException expected) {
      vault.describe(vault.find("protected").orElseThrow().id());
    }
  }

  /** Looks the vault's own keys up where nobody else gets at them. */
  private static byte[] tellVaultKeys(String which, SecretVault vault)
      throws ReflectiveOperationException {
    Object state = get(Keyring.class, "state", keyringOf(vault));
    byte[] rootKey = (byte[]) call(state, "rootKey");
    tell(which + "root key", rootKey);
    Method textOf =
        Keyring.class.getDeclaredMethod("textOf", call(state, "header").getClass(), byte[].class);
    textOf.setAccessible(true);
    Object text = textOf.invoke(null, call(state, "header"), rootKey);
    for (String key : List.of("nameKey", "auditKey", "passphraseKey")) {
      tell(which + key, (byte[]) get(text.getClass(), key, text));
    }
    for (Object epoch : (List<?>) call(text, "epochs")) {
      tell(which + "data key", (byte[]) call(epoch, "dataKey"));
    }
    call(text, "close");
    return masked(rootKey);
  }

  private static Object keyringOf(SecretVault vault) throws ReflectiveOperationException {
    Object opened = get(SecretVault.class, "opened", vault);
    Object header = get(OpenVault.class, "header", opened);
    return get(HeaderRecord.class, "keyring", header);
  }

  private static Object get(Class<?> type, String field, Object object)
      throws ReflectiveOperationException {
    Field found = type.getDeclaredField(field);
    found.setAccessible(true);
    return found.get(object);
  }

  private static Object call(Object object, String method) throws ReflectiveOperationException {
    Method found = object.getClass().getDeclaredMethod(method);
    found.setAccessible(true);
    return found.invoke(object);
  }

  private void tellAndForget() {
    for (Map.Entry<String, char[]> drawn :
        Map.of(
                "vault passphrase", vaultPassphrase,
                "secret passphrase", secretPassphrase,
                "wrong passphrase", wrongPassphrase,
                "text", text,
                "protected text", protectedText)
            .entrySet()) {
      byte[] latin1 = new byte[drawn.getValue().length];
      ByteBuffer utf16 = ByteBuffer.allocate(2 * latin1.length);
      for (int i = 0; i < latin1.length; i++) {
        latin1[i] = (byte) drawn.getValue()[i];
        utf16.putChar(drawn.getValue()[i]);
      }
      tell(drawn.getKey(), latin1);
      tell(drawn.getKey() + " in UTF-16", utf16.array());
      Arrays.fill(latin1, (byte) 0);
      Arrays.fill(utf16.array(), (byte) 0);
      Arrays.fill(drawn.getValue(), '\0');
    }
    tell("raw key", rawKey);
    tell("other raw key", otherRawKey);
    tell("bytes", bytes);
    tell("AES value", aesKey);
    byte[] end = Arrays.copyOfRange(longBytes, 64, longBytes.length);
    tell("end of the long value", end);
    Arrays.fill(end, (byte) 0);
    for (byte[] drawn : drawnBytes()) {
      Arrays.fill(drawn, (byte) 0);
    }
  }

  private static void tell(String name, byte[] needle) {
    System.out.println(name + "=" + HexFormat.of().formatHex(masked(needle)));
  }

  private static byte[] masked(byte[] bytes) {
    byte[] masked = bytes.clone();
    for (int i = 0; i < masked.length; i++) {
      masked[i] ^= MASK;
    }
    return masked;
  }

  private static byte[] unmasked(byte[] masked) {
    return masked(masked);
  }

  /** A request to collect is dropped while any thread keeps the collector out. */
  private static void collect() {
    for (int i = 0; i < 4; i++) {
      WeakReference<Object> collected = new WeakReference<>(new Object());
      while (collected.get() != null) {
        System.gc();
      }
    }
  }

  private static void requireThatNothingWasCollected() {
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (collector.getCollectionCount() > 0) {
        throw new AssertionError("collected already: give the child more memory");
      }
    }
  }

  private static void dump(Path file, boolean live, Object reachable) throws IOException {
    if (reachable.hashCode() == file.hashCode()) {
      System.out.println(); // Has it reachable up to here, and not any more in the dump.
    }
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpHeap(file.toString(), live);
  }
}
