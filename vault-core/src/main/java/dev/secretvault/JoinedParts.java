package dev.secretvault;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which parts each secret joins in an open vault. As nothing stands between them, a digest that was
 * made of one selection is right for another one, with other parts: a token that ends would be one
 * that never does. So the first that is used of a secret stays the only one.
 *
 * <p>Kept until the vault closes, also of secrets that are deleted: an id comes once.
 */
final class JoinedParts {

  private final Map<SecretId, String> bySecret = new ConcurrentHashMap<>();

  /**
   * Takes note of what a policy joins, if it is the first for the secret, or the same again.
   *
   * @throws IllegalStateException if it is another selection, or another order
   */
  void require(SecretId id, UserIdPolicy policy) {
    String parts = policy.joinedParts();
    if (parts == null) {
      return;
    }
    String first = bySecret.putIfAbsent(id, parts);
    if (first != null && !first.equals(parts)) {
      throw new IllegalStateException(
          "policy: it joins "
              + parts
              + ", but this secret was used in this vault with one that joins "
              + first
              + ", and digests of the one would pass for the other: take another secret");
    }
  }
}
