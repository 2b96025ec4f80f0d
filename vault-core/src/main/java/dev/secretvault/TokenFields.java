package dev.secretvault;

import dev.secretvault.TokenForm.Part;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a token as they come from outside, under the names of one form: each is checked, and
 * what is refused is named as whoever sent it knows it.
 */
final class TokenFields {

  /** The end of the year 9999. */
  static final long MAX_EXPIRATION = 253_402_300_799L;

  /** No number of so many overflows. */
  private static final int MAX_DIGITS = 18;

  static final int MAX_SALT = 256;
  static final int MAX_SECRET_ID = 300;

  private final TokenForm form;
  private final Map<String, ?> fields;

  TokenFields(TokenForm form, Map<String, ?> fields) {
    this.form = Objects.requireNonNull(form, "form");
    this.fields = Objects.requireNonNull(fields, "fields");
  }

  /** What this part is called; by its own name where the form has none. */
  String name(Part part) {
    String name = form.nameOf(part);
    return name == null ? part.name().toLowerCase(Locale.ROOT) : name;
  }

  private @Nullable Object value(Part part) {
    String name = form.nameOf(part);
    Object value = name == null ? null : fields.get(name);
    return "".equals(value) ? null : value;
  }

  boolean has(Part part) {
    return value(part) != null;
  }

  private @Nullable String optionalText(Part part) {
    Object value = value(part);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw refused(part, "text needed");
  }

  private String text(Part part) {
    String text = optionalText(part);
    if (text == null) {
      throw refused(part, "missing");
    }
    return text;
  }

  String userId() {
    return Text.checkUserId(name(Part.USER_ID), text(Part.USER_ID));
  }

  String algorithm() {
    return text(Part.ALGORITHM);
  }

  String secretId() {
    return Text.check(name(Part.SECRET_ID), text(Part.SECRET_ID), 1, MAX_SECRET_ID);
  }

  @Nullable String salt() {
    String salt = optionalText(Part.SALT);
    return salt == null ? null : Text.check(name(Part.SALT), salt, 1, MAX_SALT);
  }

  /** Seconds since 1970, as a number or in decimal digits. */
  @Nullable Instant expiresAt() {
    Long seconds = number(Part.EXPIRATION, MAX_EXPIRATION);
    return seconds == null ? null : Instant.ofEpochSecond(seconds);
  }

  @Nullable Integer version() {
    Long version = number(Part.VERSION, Integer.MAX_VALUE);
    return version == null ? null : Math.toIntExact(version);
  }

  private @Nullable Long number(Part part, long max) {
    Object value = value(part);
    if (value == null) {
      return null;
    }
    String digits = value.toString();
    // One number, one text: 01 would be signed as something else than 1.
    long number = digits.startsWith("0") ? 0 : positive(digits);
    if (number < 1 || number > max) {
      throw refused(part, "an integer from 1 to " + max + " needed, without leading zeros");
    }
    return number;
  }

  /** The number of these digits; 0 if they are not all digits, or too many of them. */
  private static long positive(String digits) {
    long number = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9' || i == MAX_DIGITS) {
        return 0;
      }
      number = 10 * number + c - '0';
    }
    return number;
  }

  /** Hexadecimal digits of either case. */
  byte[] hex(Part part, int minBytes, int maxBytes) {
    String digits = text(part);
    int length = digits.length();
    if (length % 2 != 0 || length < 2 * minBytes || length > 2 * maxBytes || !isHex(digits)) {
      throw refused(
          part,
          (minBytes == maxBytes ? "" : 2 * minBytes + " to ")
              + 2 * maxBytes
              + " hexadecimal digits needed, an even number of them");
    }
    return HexFormat.of().parseHex(digits);
  }

  private static boolean isHex(String digits) {
    for (int i = 0; i < digits.length(); i++) {
      if (!HexFormat.isHexDigit(digits.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Refuses a part that does not go with the others. */
  void requireAbsent(Part part, String why) {
    if (has(part)) {
      throw refused(part, why);
    }
  }

  private IllegalArgumentException refused(Part part, String why) {
    return new IllegalArgumentException(name(part) + ": " + why);
  }

  /** Writes parts down in their order, those that are not null. */
  static Map<String, Object> write(TokenForm form, Map<Part, ?> parts) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Part part : Part.values()) {
      Object value = parts.get(part);
      if (value != null) {
        String name = form.nameOf(part);
        if (name == null) {
          throw new IllegalArgumentException("form: " + form + " has no place for " + part);
        }
        fields.put(name, value);
      }
    }
    return fields;
  }
}
