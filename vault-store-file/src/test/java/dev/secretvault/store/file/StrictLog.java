package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A second reader of the log, as strict as the first and written from docs/FORMAT.md alone: text
 * and regular expressions, the whole log in memory, every value decoded.
 */
final class StrictLog {

  /** A record that the log ends with. */
  record Stored(long revision, String expiresAt, String base64) {}

  private static final String NUMBER = "[1-9][0-9]{0,18}";
  private static final String CRC = "[0-9a-f]{8}";
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{\"format\":\"secretvault-log\",\"version\":1,\"store\":\"[0-9a-f]{32}\","
              + "\"generation\":("
              + NUMBER
              + "),\"first\":("
              + NUMBER
              + "),\"base\":\"("
              + CRC
              + ")\"\\}");
  private static final Pattern HEAD = Pattern.compile("\\{\"n\":(0|" + NUMBER + "),\"c\":\\[(.*)");
  private static final Pattern BASE_END =
      Pattern.compile("\\{\"n\":(" + NUMBER + "),\"c\":\\[\\],\"v\":\\[\\]\\}");
  private static final Pattern CHANGE =
      Pattern.compile(
          "\\{\"k\":\"([A-Za-z0-9._-]{1,128})\",(?:\"r\":("
              + NUMBER
              + ")(?:,\"p\":(0|"
              + NUMBER
              + "))?(?:,\"x\":(0|"
              + NUMBER
              + "))?,\"l\":(0|"
              + NUMBER
              + "),\"s\":\"("
              + CRC
              + ")\"|\"d\":("
              + NUMBER
              + "))\\}(?:,(?=\\{)|$)");

  private final Map<String, Stored> records = new TreeMap<>();
  private final Map<String, String> texts = new TreeMap<>();
  private final Map<String, String> checksums = new TreeMap<>();
  private final StringBuilder base = new StringBuilder();
  private String statedBase = "";
  private long frames;
  private boolean inBase;

  private StrictLog() {}

  /** The records in a log; fails if anything in it is not in order. */
  static Map<String, Stored> read(byte[] log) {
    StrictLog reader = new StrictLog();
    String text = new String(LogText.withoutFreeSpace(log), ISO_8859_1);
    check(text.endsWith("\n"), "the log ends with a line feed");
    int start = 0;
    for (int end; start < text.length(); start = end + 1) {
      end = text.indexOf('\n', start);
      String stated = text.substring(start, start + 8);
      check(text.charAt(start + 8) == ' ', "a space follows the checksum");
      String document = text.substring(start + 9, end);
      if (start == 0) {
        check(stated.equals(LogText.crc(document)), "checksum of the header");
        Matcher header = HEADER.matcher(document);
        check(header.matches(), "header");
        reader.inBase = !header.group(1).equals("1");
        check(reader.inBase || header.group(2).equals("1"), "first commit of a new store");
        reader.statedBase = header.group(3);
      } else {
        reader.frame(stated, document);
      }
    }
    check(!reader.inBase, "the base ends");
    check(reader.statedBase.equals(LogText.crc(reader.base.toString())), "lines of the base");
    return reader.liveRecords();
  }

  private void frame(String stated, String document) {
    base.append(inBase ? stated : "");
    Matcher end = BASE_END.matcher(document);
    if (end.matches()) {
      check(inBase && stated.equals(LogText.crc(document)), "end of the base");
      inBase = false;
      frames = Long.parseLong(end.group(1));
      return;
    }
    frames += inBase ? 0 : 1;
    String opening = "],\"v\":[";
    int split = document.indexOf(opening);
    check(split > 0, "there are values");
    Matcher head = HEAD.matcher(document.substring(0, split));
    check(head.matches(), "head");
    check(head.group(1).equals(inBase ? "0" : Long.toString(frames)), "numbers are consecutive");
    List<String> keysWithValue = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    Matcher change = CHANGE.matcher(head.group(2));
    int checked = 0;
    while (change.find()) {
      check(change.start() == checked, "nothing is between changes");
      checked = change.end();
      String key = change.group(1);
      check(!keys.contains(key), "a record occurs once");
      keys.add(key);
      Stored before = records.get(key);
      if (change.group(7) != null) {
        check(before != null && before.revision() == Long.parseLong(change.group(7)), "deletion");
        records.remove(key);
      } else {
        long revision = Long.parseLong(change.group(2));
        long previous = before == null ? 0 : before.revision();
        if (change.group(3) == null) {
          check(inBase || revision == previous + 1, "revision");
        } else {
          check(!inBase && previous == Long.parseLong(change.group(3)), "revision before");
          check(revision > previous + 1, "revision of a copy");
        }
        records.put(key, new Stored(revision, change.group(4), ""));
        keysWithValue.add(key);
        texts.put(key, change.group(5));
        checksums.put(key, change.group(6));
      }
    }
    check(checked == head.group(2).length() && !keys.isEmpty(), "changes");
    values(stated, document, split + opening.length(), keysWithValue);
  }

  private void values(String stated, String document, int start, List<String> keysWithValue) {
    StringBuilder masked = new StringBuilder(document);
    int at = start;
    for (int i = 0; i < keysWithValue.size(); i++) {
      String key = keysWithValue.get(i);
      int length = Integer.parseInt(texts.get(key));
      String opening = i == 0 ? "\"" : ",\"";
      check(document.startsWith(opening, at), "a value begins");
      at += opening.length();
      texts.put(key, document.substring(at, at + length));
      masked.replace(at, at + length, "-".repeat(length));
      at += length;
      check(document.charAt(at) == '"', "a value ends");
      at++;
    }
    check(document.substring(at).equals("]}"), "nothing follows the values");
    check(stated.equals(LogText.crc(masked.toString())), "checksum of a frame");
  }

  private Map<String, Stored> liveRecords() {
    Map<String, Stored> live = new TreeMap<>();
    records.forEach(
        (key, stored) -> {
          String text = texts.get(key);
          check(checksums.get(key).equals(LogText.crc(text)), "checksum of a value");
          byte[] value = Base64.getDecoder().decode(text);
          check(Base64.getEncoder().encodeToString(value).equals(text), "base64");
          live.put(key, new Stored(stored.revision(), stored.expiresAt(), text));
        });
    return live;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not so: " + what);
    }
  }
}
