package dev.secretvault;

import dev.secretvault.store.RecordKey;
import java.util.Optional;

/**
 * Under which keys the records of one namespace stand: its token, the letter of the kind, and what
 * tells records of that kind apart; {@code docs/FORMAT.md}, section 3, has the grammar.
 */
final class RecordKeys {

  /**
   * The length of a namespace's token: 66 bits, plenty for namespaces, and associated data has the
   * name.
   */
  private static final int TOKEN = 11;

  /** What follows the token in the key of the record with a namespace's name. */
  private static final String REGISTRATION = "." + RecordKind.NAMESPACE.letter() + ".";

  private final HeaderRecord header;
  private final String namespace;
  private final String token;
  private final String prefix;
  private final RecordKey count;

  RecordKeys(HeaderRecord header, String namespace) {
    this.header = header;
    this.namespace = namespace;
    token = token(header, namespace);
    prefix = token + ".";
    count = of(RecordKind.COUNT, "n");
  }

  private static String token(HeaderRecord header, String namespace) {
    return header.keyring().token("namespace", namespace).substring(0, TOKEN);
  }

  /** The key of the high-water mark, which stands in the first namespace for all of them. */
  static RecordKey time(HeaderRecord header) {
    return new RecordKey(token(header, Namespaces.DEFAULT) + "." + RecordKind.TIME.letter() + ".n");
  }

  /** Whether a record may have an expiry, or say what has expired. */
  static boolean concernsExpiry(RecordKey key) {
    return isOf(key, RecordKind.SECRET)
        || isOf(key, RecordKind.TIME)
        || isAttempts(key)
        || isOneTime(key)
        || servesOneTime(key);
  }

  /** Whether a record is that of a one-time secret. */
  static boolean isOneTime(RecordKey key) {
    return isOf(key, RecordKind.ONE_TIME);
  }

  /** Whether a record leads to a one-time secret, or has its value, until it expires. */
  static boolean servesOneTime(RecordKey key) {
    return isOf(key, RecordKind.LINK)
        || isOf(key, RecordKind.RECEIPT)
        || isOf(key, RecordKind.SHARED_VALUE)
        || isOf(key, RecordKind.SHOWN_VALUE);
  }

  /** Whether a record counts wrong passphrases. */
  static boolean isAttempts(RecordKey key) {
    return isOf(key, RecordKind.ATTEMPTS);
  }

  private static boolean isOf(RecordKey key, RecordKind kind) {
    return key.text().startsWith("." + kind.letter() + ".", TOKEN);
  }

  /** The token of the namespace that a record belongs to; empty for what belongs to none. */
  static Optional<String> tokenIn(RecordKey key) {
    int dot = key.text().indexOf('.');
    return dot == TOKEN ? Optional.of(key.text().substring(0, dot)) : Optional.empty();
  }

  /** Whether it is that of a record with a namespace's name. */
  static boolean isRegistration(RecordKey key) {
    return tokenIn(key).filter(token -> key.equals(registration(token))).isPresent();
  }

  /** The key of the record with the name of the namespace that has this token. */
  static RecordKey registration(String token) {
    return new RecordKey(token + REGISTRATION);
  }

  /** What the keys of the namespace begin with, up to the first dot. */
  String token() {
    return token;
  }

  RecordKey of(RecordKind kind, String rest) {
    return new RecordKey(prefix + kind.letter() + "." + rest);
  }

  Optional<RecordKind> kindOf(RecordKey key) {
    for (RecordKind kind : RecordKind.values()) {
      if (isOf(kind, key)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** Whether a record is one of this namespace, and of that kind. */
  boolean isOf(RecordKind kind, RecordKey key) {
    return key.text().startsWith(prefix + kind.letter() + ".");
  }

  /** What follows the kind in a key of this namespace. */
  String restOf(RecordKey key) {
    return key.text().substring(prefix.length() + 2);
  }

  RecordKey secret(SecretId id) {
    return of(RecordKind.SECRET, id.text());
  }

  /** The id of the secret whose record has this key; empty for keys of anything else. */
  Optional<SecretId> secretIn(RecordKey key) {
    if (!isOf(RecordKind.SECRET, key)) {
      return Optional.empty();
    }
    try {
      return Optional.of(SecretId.of(restOf(key)));
    } catch (IllegalArgumentException notMadeHere) {
      // Whoever can write to the store can report such a key together with others, which count.
      return Optional.empty();
    }
  }

  RecordKey name(String name) {
    return of(RecordKind.NAME, header.keyring().token("name", namespace, name));
  }

  RecordKey value(SecretId id, int version) {
    return of(RecordKind.VALUE, id + "." + version);
  }

  RecordKey attempts(SecretId id) {
    return of(RecordKind.ATTEMPTS, id.text());
  }

  /** That of the record that counts the secrets. */
  RecordKey count() {
    return count;
  }

  RecordKey registration() {
    return registration(token);
  }

  /** What stands for a token in the key of a record. */
  String digestOf(RecordKind kind, String tokenText) {
    return header.keyring().token(kind.purpose(), namespace, tokenText);
  }

  /** What stands for a caller in an attempts record. */
  String callerToken(String caller) {
    return header.keyring().token("caller", namespace, caller);
  }
}
