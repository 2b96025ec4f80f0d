package dev.secretvault;

import java.net.URI;
import java.util.Objects;

/**
 * A one-time secret that was just shared: the link opens it once, the receipt shows what becomes of
 * it and can burn it. Neither is kept by the vault, so whoever loses them cannot get them again.
 *
 * @param link for whoever shall see the value: {@value OneTimeSecrets#TOKEN_CHARS} characters out
 *     of {@code A-Z a-z 0-9 - _}
 * @param receipt for whoever shared it, of the same form; leads neither to the link nor to the
 *     value, but for what {@link OneTimeSpec#shownOnReceipt} says
 * @param details what the receipt shows now
 */
public record SharedSecret(String link, String receipt, Receipt details) {

  /** Requires all parts. */
  public SharedSecret {
    Objects.requireNonNull(link, "link");
    Objects.requireNonNull(receipt, "receipt");
    Objects.requireNonNull(details, "details");
  }

  /**
   * Puts the link into the fragment of a page's address. Browsers send no fragment to the server,
   * so it reaches no log there; the page's script reads it, and sends it when the reader presses a
   * button, and not before: programs that open the addresses in messages press none, and so do not
   * use it up.
   *
   * @param base the page's address, without a fragment
   * @return the address with the link
   * @throws IllegalArgumentException if there is a fragment
   */
  public URI shareUrl(URI base) {
    if (base.getRawFragment() != null) {
      throw new IllegalArgumentException("base: must not have a fragment");
    }
    return URI.create(base + "#" + link);
  }

  /** Says nothing of the link and the receipt. */
  @Override
  public String toString() {
    return "SharedSecret[" + details.id() + "]";
  }
}
