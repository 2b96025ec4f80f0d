package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.Hmac;
import java.nio.charset.CharacterCodingException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the values of one namespace may be used for, and when. */
final class SecretUse {

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
  void requireRevealable(Supplier<Optional<Live>> lookup) {
    SecretInfo info = revealable(lookup).info();
    requireNoPassphrase(info, new byte[0]);
  }

  /**
   * Reveals a value that is text; one that is not is left as it is.
   *
   * @throws IllegalStateException if it is not
   */
  char[] revealText(Supplier<Optional<Live>> lookup) {
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
                    () -> records.unprotect(info.id(), info.current().number(), passphrase, stored))
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
   * Says whether a secret has this value, in time that does not depend on where the two differ.
   * Consumes nothing.
   */
  boolean matches(Supplier<Optional<Live>> lookup, byte[] candidate) {
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

  /** Prepared digests under the live versions of a usable secret, the current one first. */
  List<Hmac> digesters(Supplier<Optional<Live>> lookup) {
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
