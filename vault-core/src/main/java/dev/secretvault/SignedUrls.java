package dev.secretvault;

import dev.secretvault.TokenForm.Part;
import java.io.ByteArrayOutputStream;
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

  private SignedUrls() {}

  /** A link, taken apart. */
  record Parsed(UserIdToken token, String unsigned) {}

  /**
   * The URL with all parts but the digest.
   *
   * @throws IllegalArgumentException if it is no URL to be signed
   */
  static String unsigned(URI url, String algorithm, Statement statement) {
    String text = url.toASCIIString();
    if (url.getHost() == null || url.getRawUserInfo() != null || url.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "url: must be absolute, with a host, and without user and fragment");
    }
    Map<String, String> present = query(text).orElse(Map.of());
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

  /** A context with the URL in it. */
  static Map<String, String> context(String unsigned, Map<String, String> context) {
    Map<String, String> more = new TreeMap<>(context);
    more.put(URL, unsigned);
    return more;
  }

  /**
   * Takes a link apart; empty if it is none.
   *
   * @param digestLast whether the digest has to stand last, where it covers what is before it
   */
  static Optional<Parsed> parse(URI url, boolean digestLast) {
    String text = url.toASCIIString();
    if (text.length() > MAX_URL || url.getRawFragment() != null) {
      return Optional.empty();
    }
    int last = Math.max(text.lastIndexOf('&'), text.lastIndexOf('?'));
    if (digestLast && !text.startsWith(digestName() + "=", last + 1)) {
      return Optional.empty();
    }
    String unsigned = text.substring(0, Math.max(0, last));
    try {
      return query(text)
          .map(fields -> new Parsed(UserIdToken.parse(TokenForm.LINK, fields), unsigned));
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }

  /** The parameters of a query; empty if one of a token's parts is there twice, or not in UTF-8. */
  private static Optional<Map<String, String>> query(String url) {
    Map<String, String> fields = new HashMap<>();
    int mark = url.indexOf('?');
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
