package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import dev.secretvault.Preparation.Keys;
import dev.secretvault.Preparation.VersionKey;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.Digester;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What the values of one namespace may be used for, and when. */
final class SecretUse {

  /** How long a digest of 32 bytes is. */
  private static final int HEX_DIGITS = 64;

  private static final int BASE64_LETTERS = 43;

  private static final byte[] NOTHING = {};

  private final VaultRecords records;
  private final LiveSecrets live;
  private final SecretLife life;
  private final PassphraseAttempts attempts;
  private final VaultRules rules;
  private final JoinedParts joined;

  SecretUse(
      VaultRecords records,
      LiveSecrets live,
      SecretLife life,
      PassphraseAttempts attempts,
      VaultRules rules,
      JoinedParts joined) {
    this.records = records;
    this.live = live;
    this.life = life;
    this.attempts = attempts;
    this.rules = rules;
    this.joined = joined;
  }

  SecretValue reveal(Supplier<Optional<Live>> lookup) {
    return revealBytes(
        lookup,
        (info, stored) -> {
          requireNoPassphrase(info, stored);
          return stored;
        });
  }

  /**
   * Puts the values of secrets into a text. The one that is revealed once is taken last, when the
   * text is complete, so that nothing is taken away in vain.
   *
   * @param reader what to do with the text, which is overwritten afterwards
   */
  <T> T resolve(References references, Function<char[], T> reader) {
    Map<String, SecretInfo> named = named(references.names());
    named.values().forEach(info -> requireNoPassphrase(revealable(finding(info)).info()));
    Map<String, SecretInfo> once = new LinkedHashMap<>(named);
    once.values().removeIf(info -> info.disclosure() != Disclosure.ONCE);
    if (once.size() > 1) {
      throw new IllegalArgumentException(
          "template: at most one secret that is revealed once is allowed, but there are "
              + once.size());
    }
    try (References.Texts texts = references.texts()) {
      for (Map.Entry<String, SecretInfo> entry : named.entrySet()) {
        if (!once.containsKey(entry.getKey())) {
          texts.put(entry.getKey(), revealText(finding(entry.getValue()), char[]::clone));
        }
      }
      char[] resolved = once.isEmpty() ? texts.inPlace() : complete(texts, once);
      try {
        return reader.apply(resolved);
      } finally {
        Arrays.fill(resolved, '\0');
      }
    }
  }

  /** The secrets of names. What follows goes by their ids: a name may lead to another one then. */
  private Map<String, SecretInfo> named(Set<String> names) {
    Map<String, SecretInfo> named = new LinkedHashMap<>();
    List<String> unknown = new ArrayList<>();
    for (String name : names) {
      live.find(name)
          .ifPresentOrElse(found -> named.put(name, found.info()), () -> unknown.add(name));
    }
    if (!unknown.isEmpty()) {
      throw new SecretNotFoundException(unknown);
    }
    return named;
  }

  private Supplier<Optional<Live>> finding(SecretInfo info) {
    return () -> live.find(info.id());
  }

  private char[] complete(References.Texts texts, Map<String, SecretInfo> last) {
    Map.Entry<String, SecretInfo> only = last.entrySet().iterator().next();
    return revealText(
        finding(only.getValue()),
        text -> {
          texts.put(only.getKey(), text.clone());
          return texts.inPlace();
        });
  }

  /**
   * Reveals a value that is text, as what is made of it; one that is not is left as it is.
   *
   * @param step makes something of the text, before that is taken away
   * @throws IllegalStateException if it is not
   */
  private char[] revealText(Supplier<Optional<Live>> lookup, UnaryOperator<char[]> step) {
    return reveal(
        lookup,
        (info, stored) -> {
          requireNoPassphrase(info, stored);
          char[] text = {};
          try {
            text = Text.decode(stored);
            return step.apply(text);
          } catch (CharacterCodingException e) {
            throw new IllegalStateException("the value of a secret is not text in UTF-8");
          } finally {
            Arrays.fill(stored, (byte) 0);
            Arrays.fill(text, '\0');
          }
        },
        made -> Arrays.fill(made, '\0'));
  }

  private void requireNoPassphrase(SecretInfo info) {
    requireNoPassphrase(info, new byte[0]);
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
    return revealBytes(
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

  private SecretValue revealBytes(
      Supplier<Optional<Live>> lookup, BiFunction<SecretInfo, byte[], byte[]> unlock) {
    return new SecretValue(reveal(lookup, unlock, value -> Arrays.fill(value, (byte) 0)));
  }

  /**
   * Reveals a value.
   *
   * @param unlock makes of what is stored what is handed out
   * @param overwrite for what is not handed out after all
   */
  private <T> T reveal(
      Supplier<Optional<Live>> lookup,
      BiFunction<SecretInfo, byte[], T> unlock,
      Consumer<T> overwrite) {
    boolean there = false;
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = revealable(lookup);
      SecretInfo info = found.info();
      Optional<OpenedValue> stored = live.value(found);
      there = stored.isPresent();
      if (stored.isPresent()) {
        T value = unlock.apply(info, stored.get().content());
        boolean granted = false;
        try {
          granted =
              info.disclosure() == Disclosure.ONCE
                  ? life.consume(info, stored.get().revision())
                  : life.tellRevealed(info);
        } finally {
          if (!granted) {
            overwrite.accept(value);
          }
        }
        if (granted) {
          return value;
        }
      }
      live.forget(found);
    }
    throw there ? new StaleRevisionException() : valueMissing();
  }

  /** Says whether a secret has this text as its value, as with {@link #matches}. */
  boolean matches(Supplier<Optional<Live>> lookup, char[] candidate) {
    if (candidate.length > VaultLimits.HIGHEST_VALUE_BYTES
        || !Text.isWellFormed(CharBuffer.wrap(candidate))) {
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
    return ifUsable(() -> isValue(lookup, candidate)).orElse(false);
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
    byte[] message = Text.userIdBytes("userId", userId);
    return new Digest(
        keys(lookup, Preparation.HMAC_SHA256).current().made().compute(message, NOTHING));
  }

  /**
   * Says whether a digest is that of a user ID; false as well if it is malformed, the user ID is
   * none, or the secret may not be used now.
   */
  boolean verify(Supplier<Optional<Live>> lookup, String userId, String digest) {
    Objects.requireNonNull(userId, "userId");
    byte[] message;
    byte[] candidate;
    try {
      candidate = digestBytes(digest);
      message = Text.userIdBytes("userId", userId);
    } catch (IllegalArgumentException malformed) {
      return false;
    }
    return ifUsable(
            () -> {
              boolean genuine = false;
              for (VersionKey<Digester> key : keys(lookup, Preparation.HMAC_SHA256).all()) {
                genuine |= key.made().verify(message, NOTHING, candidate);
              }
              return genuine;
            })
        .orElse(false);
  }

  private static byte[] digestBytes(String digest) {
    return switch (digest.length()) {
      case HEX_DIGITS -> HexFormat.of().parseHex(digest);
      case BASE64_LETTERS -> Digest.parseBase64Url(digest);
      default -> throw new IllegalArgumentException("digest: malformed");
    };
  }

  /** The answer; empty where it may not be had, so that whoever asks learns no more than that. */
  static <T> Optional<T> ifUsable(Supplier<T> answer) {
    try {
      return Optional.of(answer.get());
    } catch (SecretNotFoundException
        | SecretNotActiveException
        | SecretExpiredException
        | AlreadyRevealedException
        | NotRevealableException unusable) {
      return Optional.empty();
    }
  }

  /**
   * What is made of the values of the versions of a usable secret that verify.
   *
   * @throws VaultException if it may not be used now
   */
  <T> Keys<T> keys(Supplier<Optional<Live>> lookup, Preparation<T> preparation) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = signing(lookup);
      Optional<Keys<T>> made = live.keys(found, preparation);
      if (made.isPresent()) {
        return made.get();
      }
      live.forget(found);
    }
    throw valueMissing();
  }

  Optional<Live> find(SecretId id) {
    return live.find(id);
  }

  /** Whether a secret is as it was found, and keeps what is made of it. */
  boolean isKept(Live found) {
    return live.isKept(found);
  }

  /** The id of the secret that has a name now. */
  SecretId idOf(String name) {
    return live.find(name).orElseThrow(SecretNotFoundException::new).info().id();
  }

  /** What says whether the time of a secret's tokens is over. */
  Predicate<Instant> tokenEnds(SecretId id) {
    AtomicLong ended = live.tokensEnded(id);
    return expiresAt -> rules.clock().endsToken(expiresAt, ended);
  }

  /** What the digests of secrets join, of all namespaces of the open vault. */
  JoinedParts joined() {
    return joined;
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
