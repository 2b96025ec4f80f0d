package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Secrets that are shared by a link which opens them once.
 *
 * <pre>{@code
 * SharedSecret shared =
 *     vault.oneTime().share(OneTimeSpec.of(password).expiresAfter(Duration.ofHours(1)));
 * URI url = shared.shareUrl(URI.create("https://example.org/secret"));
 * ...
 * try (SecretValue value = vault.oneTime().reveal(link)) {
 *   value.use(bytes -> show(bytes));
 * }
 * }</pre>
 *
 * <p><b>Links and receipts.</b> A link and a receipt are independent tokens of 256 random bits. The
 * vault keeps neither, only keyed digests of them, and a value is sealed under a key that takes the
 * vault's keys and the link both: whoever has the store and the master key but no link reads
 * nothing. A receipt shows what became of a secret and can burn it; it never shows the value, but
 * for {@link #takeGenerated}. It lives twice as long as the link.
 *
 * <p><b>Once.</b> A value is revealed to one caller, among all threads, processes and nodes, or to
 * none if that caller's process ends before it has the value. The end is durable before the value
 * is returned. What does not decrypt, and what was tried with a wrong passphrase, is not used up.
 *
 * <p><b>Threads.</b> Safe for use by any number of threads at once. Obeys the permissions, the
 * rates and the closing of the vault or the view that it was got from.
 *
 * <p><b>Errors.</b> Besides those they name, methods throw what all methods of {@link SecretVault}
 * may throw.
 */
public final class OneTimeSecrets {

  /** The length of a link or a receipt, in characters of ASCII. */
  public static final int TOKEN_CHARS = OneTimeToken.CHARS;

  /** The most links that {@link #status} takes, and receipts that {@link #recent} returns. */
  public static final int MAX_PAGE = 100;

  private final SecretVault vault;

  OneTimeSecrets(SecretVault vault) {
    this.vault = vault;
  }

  /**
   * Shares a value that is given.
   *
   * @param spec what it shall be; used up by this call
   * @return its link and its receipt
   * @throws IllegalArgumentException if the value is to be generated, or is too long; or if it
   *     would expire before what was refused as expired by a clock that is set back since, and not
   *     removed yet: so until the clock has come that far again, or {@link SecretVault#sweep} was
   *     called
   * @throws IllegalStateException if the spec was used before
   */
  public SharedSecret share(OneTimeSpec spec) {
    if (Objects.requireNonNull(spec, "spec").value().isGenerated()) {
      throw new IllegalArgumentException("spec: has no value: generate(...) makes one");
    }
    return vault.admitted(Permission.CREATE).oneTime().share(spec);
  }

  /**
   * Shares a value that is generated, and that nobody has seen.
   *
   * @param spec what it shall be; used up by this call
   * @return its link and its receipt
   * @throws IllegalArgumentException if the value is given; or for the clock's sake, as {@link
   *     #share} says
   * @throws IllegalStateException if the spec was used before
   */
  public SharedSecret generate(OneTimeSpec spec) {
    if (!Objects.requireNonNull(spec, "spec").value().isGenerated()) {
      throw new IllegalArgumentException("spec: has a value: share(...) takes it");
    }
    return vault.admitted(Permission.CREATE).oneTime().share(spec);
  }

  /**
   * Looks at a secret, and never uses it up: for the page that asks whether to show it now.
   *
   * @param link the link
   * @return what may be known of it
   * @throws SecretNotFoundException if it leads to nothing, or to what is forgotten
   * @throws IllegalArgumentException if it is mistyped
   */
  public OneTimeInfo peek(String link) {
    Objects.requireNonNull(link, "link");
    return vault.admitted(Permission.REVEAL).oneTime().peek(link);
  }

  /**
   * Looks at several secrets, as {@link #peek} does.
   *
   * @param links at most {@value #MAX_PAGE} links
   * @return what may be known of each, in their order; empty for those that lead to nothing
   * @throws IllegalArgumentException if one is mistyped, or there are too many
   */
  public List<Optional<OneTimeInfo>> status(List<String> links) {
    if (links.size() > MAX_PAGE) {
      throw new IllegalArgumentException(
          "links: at most " + MAX_PAGE + " allowed, but there are " + links.size());
    }
    for (int i = 0; i < links.size(); i++) {
      OneTimeToken.requireIntact(
          OneTimeToken.Kind.LINK, Objects.requireNonNull(links.get(i), "link"), "links[" + i + "]");
    }
    return vault.admitted(Permission.REVEAL).oneTime().status(links);
  }

  /**
   * Reveals the value of a secret, and ends it.
   *
   * @param link the link
   * @return the value, for the caller to close
   * @throws SecretNotFoundException if the link leads to nothing, or to what was burned or is
   *     forgotten
   * @throws AlreadyRevealedException if it was revealed before
   * @throws SecretExpiredException if its time is over
   * @throws WrongPassphraseException if it is protected by a passphrase; nothing is counted
   * @throws IntegrityException if the value is gone or damaged; nothing was used up
   * @throws IllegalArgumentException if the link is mistyped
   */
  public SecretValue reveal(String link) {
    Objects.requireNonNull(link, "link");
    return vault.admitted(Permission.REVEAL).oneTime().reveal(link, null, null);
  }

  /**
   * Reveals the value of a secret that may be protected by a passphrase, as {@link #reveal(String)}
   * does. Wrong passphrases are counted as {@link SecretVault#reveal(SecretId, char[])} says.
   *
   * @param link the link
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @return the value, for the caller to close
   * @throws WrongPassphraseException if the passphrase is wrong; it was counted
   * @throws PassphraseLockedException if there were too many; the passphrase was not looked at
   */
  public SecretValue reveal(String link, char[] passphrase) {
    Objects.requireNonNull(link, "link");
    return vault
        .admitted(Permission.REVEAL)
        .oneTime()
        .reveal(link, Text.checkPassphrase(passphrase), null);
  }

  /**
   * Reveals the value of a secret, as {@link #reveal(String, char[])} does, on behalf of a caller
   * whose wrong passphrases are counted for themselves, too.
   *
   * @param link the link
   * @param passphrase 1 to {@value MasterKey#MAX_PASSPHRASE_CHARS} chars; the caller overwrites it
   * @param caller who tries, of 1 to {@value SecretVault#MAX_CALLER} code points
   * @return the value, for the caller to close
   */
  public SecretValue reveal(String link, char[] passphrase, String caller) {
    Objects.requireNonNull(link, "link");
    return vault
        .admitted(Permission.REVEAL)
        .oneTime()
        .reveal(link, Text.checkPassphrase(passphrase), SecretVault.requireCaller(caller));
  }

  /**
   * Shows what has become of a secret.
   *
   * @param receipt the receipt
   * @return what is known of it
   * @throws SecretNotFoundException if it leads to nothing, or to what is forgotten
   * @throws IllegalArgumentException if it is mistyped
   */
  public Receipt receipt(String receipt) {
    Objects.requireNonNull(receipt, "receipt");
    return vault.admitted(Permission.LIST).oneTime().receipt(receipt);
  }

  /**
   * Burns a secret that nobody has seen: its value is gone when this method returns. Does nothing
   * if it has ended before.
   *
   * @param receipt the receipt
   * @return what has become of it: whether it was burned, or somebody was faster, its state says
   * @throws SecretNotFoundException if it leads to nothing, or to what is forgotten
   * @throws IllegalArgumentException if it is mistyped
   */
  public Receipt burn(String receipt) {
    Objects.requireNonNull(receipt, "receipt");
    return vault.admitted(Permission.DELETE).oneTime().burn(receipt);
  }

  /**
   * Shows a generated value to whoever shared it, once, within a minute of that, if it was
   * {@linkplain OneTimeSpec#shownOnReceipt asked for} then and nobody has used the link. That does
   * not use the link up.
   *
   * @param receipt the receipt
   * @return the value, for the caller to close; empty if it cannot be shown, or was
   * @throws SecretNotFoundException if it leads to nothing, or to what is forgotten
   * @throws IllegalArgumentException if it is mistyped
   */
  public Optional<SecretValue> takeGenerated(String receipt) {
    Objects.requireNonNull(receipt, "receipt");
    return vault.admitted(Permission.CREATE).oneTime().takeGenerated(receipt);
  }

  /**
   * Lists what was shared within the last 30 days, the newest first. What is damaged is left out,
   * and named in a warning of the log.
   *
   * @param limit how many, 1 to {@value #MAX_PAGE}
   * @return a page
   * @throws IllegalArgumentException if the limit is out of range
   */
  public Page<Receipt> recent(int limit) {
    return vault.admitted(Permission.LIST).oneTime().recent(requireLimit(limit), null);
  }

  /**
   * Goes on behind a page of {@link #recent(int)}.
   *
   * @param limit how many, 1 to {@value #MAX_PAGE}
   * @param cursor what that page's {@link Page#next} was
   * @return a page
   * @throws IllegalArgumentException if the limit is out of range, or the cursor never was one
   */
  public Page<Receipt> recent(int limit, String cursor) {
    Objects.requireNonNull(cursor, "cursor");
    return vault.admitted(Permission.LIST).oneTime().recent(requireLimit(limit), cursor);
  }

  private static int requireLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException("limit: 1 to " + MAX_PAGE + " allowed, but was " + limit);
    }
    return limit;
  }

  /** Says nothing of what is inside. */
  @Override
  public String toString() {
    return "OneTimeSecrets[hidden]";
  }
}
