package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.Hmac;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the values of one namespace may be used for, and when. */
final class SecretUse {

  /** Hexadecimal ones, of a digest. */
  private static final int DIGEST_DIGITS = 64;

  private final VaultRecords records;
  private final LiveSecrets live;
  private final SecretLife life;
  private final PassphraseAttempts attempts;
  private final VaultRules rules;

  SecretUse(VaultRecords records, LiveSecrets live, SecretLife life, VaultRules rules) {
    this.records = records;
    this.live = live;
    this.life = life;
    this.attempts = new PassphraseAttempts(records, rules.clock());
    this.rules = rules;
  }

  SecretValue reveal(Supplier<Optional<Live>> lookup) {
    return reveal(
        lookup,
        (info, stored) -> {
          requireNoPassphrase(info, stored);
          return stored;
        });
  }

  /**
   * Refuses what {@link #revealText} would refuse for reasons that can be told without the value.
   */
  private void requireRevealable(Supplier<Optional<Live>> lookup) {
    SecretInfo info = revealable(lookup).info();
    requireNoPassphrase(info, new byte[0]);
  }

  /**
   * Reveals a value that is text; one that is not is left as it is.
   *
   * @throws IllegalStateException if it is not
   */
  private char[] revealText(Supplier<Optional<Live>> lookup) {
    SecretValue text =
        reveal(
            lookup,
            (info, stored) -> {
              requireNoPassphrase(info, stored);
              try {
                Arrays.fill(Text.decode(stored), '\0');
              } catch (CharacterCodingException e) {
                Arrays.fill(stored, (byte) 0);
                throw new IllegalStateException("the value of a secret is not text in UTF-8");
              }
              return stored;
            });
    try (text) {
      return text.useChars(char[]::clone);
    }
  }

  private void requireNoPassphrase(SecretInfo info, byte[] stored) {
    if (info.passphraseProtected()) {
      Arrays.fill(stored, (byte) 0);
      throw new WrongPassphraseException(attempts.left(info.id()));
    }
  }

  /**
   * Reveals a value that may be protected by a passphrase.
   *
   * @param caller who tries, if that is known
   */
  SecretValue reveal(Supplier<Optional<Live>> lookup, char[] passphrase, @Nullable String caller) {
    return reveal(
        lookup,
        (info, stored) ->
            info.passphraseProtected()
                ? attempts.attempt(
                    info.id(),
                    caller,
                    () ->
                        records.unprotect(
                            records.valueKey(info.id(), info.current().number()),
                            passphrase,
                            stored))
                : stored);
  }

  /**
   * Reveals a value.
   *
   * @param unlock makes the value of what is stored
   */
  private SecretValue reveal(
      Supplier<Optional<Live>> lookup, BiFunction<SecretInfo, byte[], byte[]> unlock) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = revealable(lookup);
      SecretInfo info = found.info();
      Optional<OpenedValue> stored = live.value(found);
      if (stored.isPresent()) {
        byte[] value = unlock.apply(info, stored.get().content());
        boolean granted = false;
        try {
          granted =
              info.disclosure() != Disclosure.ONCE || life.consume(info, stored.get().revision());
        } finally {
          if (!granted) {
            Arrays.fill(value, (byte) 0);
          }
        }
        if (granted) {
          return new SecretValue(value);
        }
      }
      live.forget(found);
    }
    throw valueMissing();
  }

  /**
   * Reveals the secrets that a text names, for the text with their values.
   *
   * @param reader lent the result
   */
  <T> T resolve(References references, Function<char[], T> reader) {
    List<String> unknown =
        references.names().stream().filter(name -> live.find(name).isEmpty()).toList();
    if (!unknown.isEmpty()) {
      throw new SecretNotFoundException(unknown);
    }
    references.names().forEach(name -> requireRevealable(() -> live.find(name)));
    return references.resolve(name -> revealText(() -> live.find(name)), reader);
  }

  /** Says whether a secret has this text as its value, as with {@link #matches}. */
  boolean matches(Supplier<Optional<Live>> lookup, char[] candidate) {
    if (!Text.isWellFormed(CharBuffer.wrap(candidate))) {
      return false;
    }
    byte[] encoded = Text.encode(candidate, "candidate");
    try {
      return matches(lookup, encoded);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  /**
   * Says whether a secret has this value, in time that does not depend on where the two differ;
   * false as well if it may not be used now. Consumes nothing.
   */
  boolean matches(Supplier<Optional<Live>> lookup, byte[] candidate) {
    Objects.requireNonNull(candidate, "candidate");
    return ifUsable(() -> isValue(lookup, candidate));
  }

  private boolean isValue(Supplier<Optional<Live>> lookup, byte[] candidate) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = signing(lookup);
      Optional<OpenedValue> stored = live.value(found);
      if (stored.isPresent()) {
        byte[] value = stored.get().content();
        boolean equal = MessageDigest.isEqual(value, candidate);
        Arrays.fill(value, (byte) 0);
        return equal;
      }
      live.forget(found);
    }
    throw valueMissing();
  }

  Digest hmac(Supplier<Optional<Live>> lookup, String userId) {
    byte[] message = requireUserId(userId);
    return new Digest(digesters(lookup).get(0).compute(message));
  }

  /**
   * Says whether a digest is that of a user ID; false as well if it is malformed, the user ID is
   * none, or the secret may not be used now.
   */
  boolean verify(Supplier<Optional<Live>> lookup, String userId, String digest) {
    Objects.requireNonNull(userId, "userId");
    if (digest.length() != DIGEST_DIGITS) {
      return false;
    }
    byte[] message;
    byte[] candidate;
    try {
      message = requireUserId(userId);
      candidate = HexFormat.of().parseHex(digest);
    } catch (IllegalArgumentException malformed) {
      return false;
    }
    return ifUsable(
        () -> {
          boolean genuine = false;
          for (Hmac digester : digesters(lookup)) {
            genuine |= digester.verify(message, candidate);
          }
          return genuine;
        });
  }

  /** The answer, or false where it may not be had: whoever asks learns no more than that. */
  private static boolean ifUsable(BooleanSupplier answer) {
    try {
      return answer.getAsBoolean();
    } catch (SecretNotFoundException
        | SecretNotActiveException
        | SecretExpiredException
        | AlreadyRevealedException
        | NotRevealableException unusable) {
      return false;
    }
  }

  private static byte[] requireUserId(String userId) {
    byte[] message = Objects.requireNonNull(userId, "userId").getBytes(StandardCharsets.UTF_8);
    if (message.length == 0 || message.length > SecretVault.MAX_USER_ID_BYTES) {
      throw new IllegalArgumentException(
          "userId: 1 to "
              + SecretVault.MAX_USER_ID_BYTES
              + " bytes in UTF-8 allowed, but there are "
              + message.length);
    }
    // getBytes makes a question mark of an unpaired surrogate; only then is there anything to look
    // for.
    for (byte b : message) {
      if (b == '?' && !Text.isWellFormed(userId)) {
        throw new IllegalArgumentException(
            "userId: holds an unpaired surrogate, which is no character");
      }
    }
    return message;
  }

  /** Prepared digests under the live versions of a usable secret, the current one first. */
  private List<Hmac> digesters(Supplier<Optional<Live>> lookup) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = signing(lookup);
      Optional<List<Hmac>> digesters = live.digesters(found);
      if (digesters.isPresent()) {
        return digesters.get();
      }
      live.forget(found);
    }
    throw valueMissing();
  }

  private Live usable(Supplier<Optional<Live>> lookup) {
    Live found = lookup.get().orElseThrow(SecretNotFoundException::new);
    found.info().requireUsable(rules.clock());
    return found;
  }

  private Live revealable(Supplier<Optional<Live>> lookup) {
    Live found = usable(lookup);
    if (found.info().disclosure() == Disclosure.AT_CREATION) {
      throw NotRevealableException.shownAtCreation();
    }
    return found;
  }

  /** A usable secret whose value needs no passphrase. */
  private Live signing(Supplier<Optional<Live>> lookup) {
    Live found = usable(lookup);
    if (found.info().passphraseProtected()) {
      throw NotRevealableException.noDigests();
    }
    return found;
  }

  private static IntegrityException valueMissing() {
    return new IntegrityException("the value of a secret is missing", null);
  }
}
