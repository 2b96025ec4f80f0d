package dev.secretvault;

import dev.secretvault.TokenForm.Part;
import java.io.ByteArrayOutputStream;
import java.net.IDN;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Links whose query has the parts of a token. The digest stands last, so that what it covers, where
 * it covers the whole URL, is the text in front of it, as it is.
 */
final class SignedUrls {

  /** The longest URL, in characters. */
  static final int MAX_URL = 8_192;

  /** Of the entry that a URL is in a context; a claim can have none of this key. */
  static final String URL = "url";

  private static final int MAX_PORT = 65_535;

  private static final Pattern HOST_NAME =
      Pattern.compile("(?:[a-z0-9.-]*\\.)?[a-z][a-z0-9-]*\\.?");

  private static final Pattern IPV4 =
      Pattern.compile("(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\\.(?=.)|$)){4}");

  private static final Pattern DOT_SEGMENT = Pattern.compile("/(?:\\.|%2[eE]){1,2}(?:/|$)");

  private SignedUrls() {}

  /** A link, taken apart. */
  record Parsed(UserIdToken token, String unsigned) {}

  /**
   * The URL with all parts but the digest.
   *
   * @throws IllegalArgumentException if it is no URL to be signed
   */
  static String unsigned(URI url, String algorithm, Statement statement) {
    String text = url.toString();
    if (!isAscii(text) || !isAsBrowsersSendIt(url)) {
      throw new IllegalArgumentException(
          "url: must be one of http or https as browsers write it: all but ASCII percent-encoded,"
              + " scheme and host in lower case, no user, the host a name or an IPv4 address, no"
              + " default port, a path of at least / without dot segments, no apostrophe in the"
              + " query, and no fragment");
    }
    Map<String, String> present =
        query(text)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "url: its query is not in UTF-8, or has a part of a token twice"));
    for (Part part : Part.values()) {
      String name = TokenForm.LINK.nameOf(part);
      if (name != null && present.containsKey(name)) {
        throw new IllegalArgumentException("url: has " + name + " already");
      }
    }
    Instant expiresAt = statement.expiresAt();
    Map<Part, @Nullable Object> parts = new EnumMap<>(Part.class);
    parts.put(Part.USER_ID, statement.userId());
    parts.put(Part.ALGORITHM, algorithm);
    parts.put(Part.SECRET_ID, statement.secretId());
    parts.put(Part.SALT, statement.salt());
    parts.put(Part.EXPIRATION, expiresAt == null ? null : expiresAt.getEpochSecond());
    parts.put(Part.VERSION, statement.version());
    StringBuilder unsigned = new StringBuilder(text);
    TokenFields.write(TokenForm.LINK, parts)
        .forEach((name, value) -> append(unsigned, name, value.toString()));
    return unsigned.toString();
  }

  /**
   * Whether a URL has one way to be written: what makes ASCII of another one composes letters and
   * accents first, so that two texts become one.
   */
  private static boolean isAscii(String url) {
    return url.chars().allMatch(c -> c < 0x80);
  }

  /**
   * Whether browsers send a URL as it is. What they write in another way first (URL Standard, basic
   * URL parser) would not arrive as it was signed.
   */
  private static boolean isAsBrowsersSendIt(URI url) {
    String host = url.getHost();
    if (host == null || !(HOST_NAME.matcher(host).matches() || IPV4.matcher(host).matches())) {
      return false;
    }
    String origin = url.getScheme() + "://" + url.getRawAuthority();
    String port = url.getPort() < 0 ? "" : ":" + url.getPort();
    boolean plain = origin.equals("http://" + host + port) && url.getPort() != 80;
    boolean secure = origin.equals("https://" + host + port) && url.getPort() != 443;
    String query = url.getRawQuery();
    return (plain || secure)
        && url.getPort() <= MAX_PORT
        && isDecodable(host)
        && url.getRawPath().startsWith("/")
        && !DOT_SEGMENT.matcher(url.getRawPath()).find()
        && (query == null || query.indexOf('\'') < 0)
        && url.getRawFragment() == null;
  }

  /** Whether each label of a host that says that it is encoded is what its text is encoded as. */
  private static boolean isDecodable(String host) {
    return Arrays.stream(host.split("\\."))
        .allMatch(label -> !label.startsWith("xn--") || !IDN.toUnicode(label).equals(label));
  }

  static URI signed(String unsigned, Digest digest) {
    StringBuilder signed = new StringBuilder(unsigned);
    append(signed, digestName(), digest.hex());
    if (signed.length() > MAX_URL) {
      throw new IllegalArgumentException(
          "url: at most "
              + MAX_URL
              + " characters allowed when it is signed, but there are "
              + signed.length());
    }
    return URI.create(signed.toString());
  }

  private static void append(StringBuilder url, String name, String value) {
    int mark = url.indexOf("?");
    boolean empty = mark < 0 || mark == url.length() - 1 || url.charAt(url.length() - 1) == '&';
    url.append(mark < 0 ? "?" : empty ? "" : "&").append(name).append('=');
    // A space is %20 everywhere; only forms have a plus for it.
    url.append(URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
  }

  private static String digestName() {
    return Objects.requireNonNull(TokenForm.LINK.nameOf(Part.DIGEST));
  }

  private static String expirationName() {
    return Objects.requireNonNull(TokenForm.LINK.nameOf(Part.EXPIRATION));
  }

  /** A context with the URL in it. */
  static Map<String, String> context(String unsigned, Map<String, String> context) {
    Map<String, String> more = new TreeMap<>(context);
    more.put(URL, unsigned);
    return more;
  }

  /**
   * Takes a link apart; empty if it is none.
   *
   * @param covered whether the digest covers the URL: it has to stand last then. Else the link has
   *     no expiration, as services have no name for it
   */
  static Optional<Parsed> parse(URI url, boolean covered) {
    String text = url.toString();
    int mark = text.indexOf('?');
    if (mark < 0 || text.length() > MAX_URL || !isAscii(text) || url.getRawFragment() != null) {
      return Optional.empty();
    }
    int last = Math.max(text.lastIndexOf('&'), mark);
    if (covered && !text.startsWith(digestName() + "=", last + 1)) {
      return Optional.empty();
    }
    String unsigned = text.substring(0, last);
    try {
      return query(text)
          .filter(fields -> covered || !fields.containsKey(expirationName()))
          .map(fields -> new Parsed(UserIdToken.parse(TokenForm.LINK, fields), unsigned));
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }

  /** The parameters of a query; empty if one of a token's parts is there twice, or not in UTF-8. */
  private static Optional<Map<String, String>> query(String url) {
    Map<String, String> fields = new HashMap<>();
    int mark = url.indexOf('?');
    if (mark < 0) {
      return Optional.of(fields);
    }
    for (String parameter : url.substring(mark + 1).split("&", -1)) {
      int equals = parameter.indexOf('=');
      String name = decoded(equals < 0 ? parameter : parameter.substring(0, equals));
      String value = decoded(equals < 0 ? "" : parameter.substring(equals + 1));
      if (name == null || value == null || (fields.put(name, value) != null && isPart(name))) {
        return Optional.empty();
      }
    }
    return Optional.of(fields);
  }

  private static boolean isPart(String name) {
    return Arrays.stream(Part.values()).anyMatch(part -> name.equals(TokenForm.LINK.nameOf(part)));
  }

  /** Percent-encoded text decoded; null if it is not in UTF-8. */
  private static @Nullable String decoded(String encoded) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length());
    for (int i = 0; i < encoded.length(); i++) {
      char c = encoded.charAt(i);
      if (c == '%') { // Whole, as it is part of a URI.
        bytes.write(HexFormat.fromHexDigits(encoded, i + 1, i + 3));
        i += 2;
      } else {
        bytes.write(c == '+' ? ' ' : c);
      }
    }
    try {
      return new String(Text.decode(bytes.toByteArray()));
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
