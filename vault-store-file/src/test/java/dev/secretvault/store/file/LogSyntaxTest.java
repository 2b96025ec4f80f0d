package dev.secretvault.store.file;

import static dev.secretvault.store.file.LogText.HEADER;
import static dev.secretvault.store.file.LogText.base64;
import static dev.secretvault.store.file.LogText.bytes;
import static dev.secretvault.store.file.LogText.copy;
import static dev.secretvault.store.file.LogText.crc;
import static dev.secretvault.store.file.LogText.delete;
import static dev.secretvault.store.file.LogText.frame;
import static dev.secretvault.store.file.LogText.head;
import static dev.secretvault.store.file.LogText.line;
import static dev.secretvault.store.file.LogText.put;
import static dev.secretvault.store.file.Records.diskWith;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.stateOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames with one fault each, and a checksum that confirms them, are refused. */
@Timeout(60)
class LogSyntaxTest {

  private static final String ONE = base64("one");
  private static final String TWO = base64("two");

  /** Commit 1 of every log here. */
  private static final String FIRST = frame(head(1, put("a", 1, ONE)), ONE);

  /** What commit 2 is without a fault; the faults are changes of it. */
  private static final String PUT = put("b", 1, 1_700_000_000_000L, TWO);

  private static final String HEAD = head(2, PUT);

  /** Commit 3 of logs whose fault is not in the last frame. */
  private static final String THIRD = frame(head(3, put("c", 1, ONE)), ONE);

  @Test
  void open_noFault_readsTheLog() throws Exception {
    assertThat(stateOf(diskWith(bytes(HEADER, FIRST, frame(HEAD, TWO), THIRD))))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("a", "1 one", "b", "1 two until 2023-11-14T22:13:20Z", "c", "1 one"));
  }

  @Test
  void open_longestKeyAndLatestExpiry_isRead() throws Exception {
    String key = "k".repeat(128);
    String log =
        HEADER
            + frame(head(1, put(key, 1, "")), "")
            + frame(head(2, put(key, 2, Long.MAX_VALUE, "")), "");
    try (FileSecretStore store = open(diskWith(bytes(log)))) {
      assertThat(store.read(Records.key(key)).orElseThrow().expiresAt().toEpochMilli())
          .isEqualTo(Long.MAX_VALUE);
    }
  }

  @Test
  void open_copies_areRead() throws Exception {
    String copies =
        head(2, copy("a", 1, 5, TWO), copy("b", 0, Long.MAX_VALUE, TWO), copy("c", 0, 2, TWO));
    String behind = head(3, put("a", 6, ONE), delete("b", Long.MAX_VALUE));
    assertThat(
            stateOf(
                diskWith(bytes(HEADER, FIRST, frame(copies, TWO, TWO, TWO), frame(behind, ONE)))))
        .containsExactlyInAnyOrderEntriesOf(Map.of("a", "6 one", "c", "2 two"));
  }

  @Test
  void open_asManyChangesAsAllowed_isRead() throws Exception {
    int count = SecretStore.MAX_CHANGES;
    String changes =
        IntStream.range(0, count)
            .mapToObj(i -> put("k" + i, 1, ""))
            .collect(Collectors.joining(","));
    String[] values = Collections.nCopies(count, "").toArray(String[]::new);
    assertThat(stateOf(diskWith(bytes(HEADER, frame(head(1, changes), values))))).hasSize(count);
  }

  private static Map<String, String> faultyNumbers() {
    Map<String, String> lines = new TreeMap<>();
    for (String number :
        new String[] {
          "0",
          "-2",
          "1",
          "3",
          "02",
          "+2",
          "2.0",
          "2e0",
          "\"2\"",
          "null",
          "true",
          "[2]",
          "9223372036854775807",
          "9223372036854775808",
          "9".repeat(300)
        }) {
      lines.put("number " + number, frame(HEAD.replace("\"n\":2", "\"n\":" + number), TWO));
    }
    lines.put("number missing", frame(HEAD.replace("\"n\":2,", ""), TWO));
    lines.put("number twice", frame(HEAD.replace("\"n\":2,", "\"n\":2,\"n\":2,"), TWO));
    lines.put("number behind changes", frame("{\"c\":[" + PUT + "],\"n\":2,\"v\":[", TWO));
    return lines;
  }

  private static Map<String, String> faultyDocuments() {
    Map<String, String> lines = new TreeMap<>();
    lines.put("member unknown first", frame(HEAD.replace("{\"n\"", "{\"m\":1,\"n\""), TWO));
    lines.put("member unknown second", frame(HEAD.replace(",\"c\"", ",\"m\":1,\"c\""), TWO));
    lines.put("member unknown third", frame(HEAD.replace(",\"v\"", ",\"m\":1,\"v\""), TWO));
    lines.put("member unknown last", line(HEAD, ",", "],\"m\":1}", TWO));
    lines.put("member name escaped", frame(HEAD.replace("\"n\"", "\"\\u006e\""), TWO));
    lines.put("space behind a colon", frame(HEAD.replace("\"n\":2", "\"n\": 2"), TWO));
    lines.put("space before the document", frame(" " + HEAD, TWO));
    lines.put("space before the values", frame(HEAD + " ", TWO));
    lines.put("space between values", line(head(2, PUT, put("c", 1, TWO)), ", ", "]}", TWO, TWO));
    lines.put("space behind the values", line(HEAD, ",", "] }", TWO));
    lines.put("space behind the document", line(HEAD, ",", "]} ", TWO));
    lines.put("carriage return", line(HEAD, ",", "]}\r", TWO));
    lines.put("tab before the document", frame("\t" + HEAD, TWO));
    lines.put("comment", frame(HEAD.replace("\"n\"", "/**/\"n\""), TWO));
    lines.put("byte order mark", frame("\u00ef\u00bb\u00bf" + HEAD, TWO));
    lines.put("array around the document", line("[" + HEAD, ",", "]}]", TWO));
    lines.put("second document", line(HEAD, ",", "]}{}", TWO));
    lines.put("no document", line(""));
    lines.put("document empty", line("{}"));
    lines.put("document a number", line("2"));
    lines.put("changes missing", frame("{\"n\":2,\"v\":[", TWO));
    lines.put("changes none", frame("{\"n\":2,\"c\":[],\"v\":["));
    lines.put("changes an object", frame("{\"n\":2,\"c\":{},\"v\":["));
    lines.put("changes null", frame("{\"n\":2,\"c\":null,\"v\":["));
    lines.put("changes with a comma too many", frame(head(2, PUT + ","), TWO));
    lines.put("changes more than allowed", frame(head(2, deletions(SecretStore.MAX_CHANGES + 1))));
    lines.put("change a number", frame(head(2, PUT, "1"), TWO));
    lines.put("change empty", frame(head(2, PUT, "{}"), TWO));
    lines.put("change an array", frame(head(2, PUT, "[]"), TWO));
    lines.put("change nested deeply", frame(head(2, "[".repeat(5_000)), TWO));
    return lines;
  }

  private static Map<String, String> faultyValues() {
    Map<String, String> lines = new TreeMap<>();
    String deletion = "{\"n\":2,\"c\":[" + delete("a", 1) + "]";
    lines.put("values missing", line(deletion + "}"));
    lines.put("values null", line(deletion + ",\"v\":null}"));
    lines.put("values an object", line(deletion + ",\"v\":{}}"));
    lines.put("values fewer than puts", frame(head(2, PUT, put("c", 1, TWO)), TWO));
    lines.put("values more than puts", frame(HEAD, TWO, TWO));
    lines.put("values without puts", frame(head(2, delete("a", 1)), TWO));
    lines.put("values longer than allowed", frame(head(2, largePuts(5))));
    lines.put("value an array", line(HEAD, ",", "[]]}"));
    lines.put("value shorter than its length", frame(HEAD, TWO.substring(1)));
    lines.put("value longer than its length", frame(HEAD, TWO + "AAAA"));
    return lines;
  }

  /** Deletions of records that are not there, which is not the fault that is met first. */
  private static String deletions(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> delete("k" + i, 1))
        .collect(Collectors.joining(","));
  }

  /** Puts of the largest records, whose values are not there. */
  private static String largePuts(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> put("k" + i, 1, "").replace("\"l\":0", "\"l\":" + FrameHead.MAX_VALUE))
        .collect(Collectors.joining(","));
  }

  /** The frame with a part of its put replaced. */
  private static String withPut(String part, String fault) {
    assertThat(PUT).contains(part);
    return frame(head(2, PUT.replace(part, fault)), TWO);
  }

  private static Map<String, String> faultyPuts() {
    String checksum = ",\"s\":\"" + crc(TWO) + "\"";
    Map<String, String> lines = new TreeMap<>();
    lines.put("put with unknown member", withPut("}", ",\"y\":1}"));
    lines.put("put that deletes too", withPut("}", ",\"d\":1}"));
    lines.put("put without revision", withPut("\"r\":1,", ""));
    lines.put("put without key", withPut("\"k\":\"b\",", ""));
    lines.put("put without length", withPut(",\"l\":4", ""));
    lines.put("put without checksum", withPut(checksum, ""));
    lines.put("put with key last", withPut("\"k\":\"b\",\"r\":1", "\"r\":1,\"k\":\"b\""));
    lines.put(
        "put with expiry last", frame(head(2, put("b", 1, TWO).replace("}", ",\"x\":5}")), TWO));
    lines.put("put with expiry twice", withPut(",\"l\"", ",\"x\":5,\"l\""));
    lines.put("put with checksum first", withPut(",\"l\":4" + checksum, checksum + ",\"l\":4"));
    lines.put("put with checksum twice", withPut("}", checksum + "}"));
    for (String expiry :
        new String[] {"-1", "01", "null", "\"1\"", "1.5", "1e3", "9223372036854775808"}) {
      lines.put("expiry " + expiry, withPut("\"x\":1700000000000", "\"x\":" + expiry));
    }
    for (String length :
        new String[] {"-4", "04", "0", "8", "400", "4294967300", "4.0", "\"4\"", "null"}) {
      lines.put("length " + length, withPut("\"l\":4", "\"l\":" + length));
    }
    lines.put("length above the limit", withPut("\"l\":4", "\"l\":" + (FrameHead.MAX_VALUE + 4)));
    lines.put("length not of base64", frame(head(2, put("b", 1, "AAAAA")), "AAAAA"));
    for (String bad :
        new String[] {"0000000", "000000000", "0000000g", "0000000A", "", "-0000001"}) {
      lines.put("checksum of value \"" + bad + "\"", withPut(crc(TWO), bad));
    }
    lines.put("checksum of value a number", withPut("\"" + crc(TWO) + "\"", "12345678"));
    return lines;
  }

  private static Map<String, String> faultyKeys() {
    Map<String, String> lines = new TreeMap<>();
    for (String key :
        new String[] {
          "\"\"",
          "\"b b\"",
          "\"b/b\"",
          "\"\u00c3\u00a4\"",
          "\"\u00ff\"",
          "\"\\u0062\"",
          "\"b\\n\"",
          "7",
          "null",
          "[]"
        }) {
      lines.put("key " + key, withPut("\"b\"", key));
    }
    lines.put("key too long", withPut("\"b\"", "\"" + "b".repeat(129) + "\""));
    lines.put("key far too long", withPut("\"b\"", "\"" + "b".repeat(100_000) + "\""));
    lines.put("key twice in a commit", frame(head(2, PUT, put("b", 2, TWO)), TWO, TWO));
    lines.put("key created twice in a commit", frame(head(2, PUT, put("b", 1, TWO)), TWO, TWO));
    lines.put(
        "key replaced and deleted in a commit",
        frame(head(2, put("a", 2, TWO), delete("a", 1)), TWO));
    lines.put("key put and deleted in a commit", frame(head(2, PUT, delete("b", 1)), TWO));
    return lines;
  }

  private static Map<String, String> faultyRevisions() {
    Map<String, String> lines = new TreeMap<>();
    for (String revision : new String[] {"0", "2", "-1", "9223372036854775807"}) {
      lines.put("revision " + revision, withPut("\"r\":1", "\"r\":" + revision));
    }
    lines.put("revision 1 of a stored record", frame(head(2, put("a", 1, TWO)), TWO));
    lines.put("revision 3 behind 1", frame(head(2, put("a", 3, TWO)), TWO));
    lines.put("deletion of a missing record", frame(head(2, delete("b", 1))));
    lines.put("deletion of another revision", frame(head(2, delete("a", 2))));
    lines.put("deletion of revision 0", frame(head(2, delete("b", 0))));
    lines.put("deletion with length", frame(head(2, delete("a", 1).replace("}", ",\"l\":0}"))));
    for (String before :
        new String[] {"1", "2", "-1", "00", "null", "\"0\"", "9223372036854775808"}) {
      lines.put("copy behind " + before, withPut("\"r\":1", "\"r\":5,\"p\":" + before));
    }
    lines.put("copy that counts on", frame(head(2, copy("a", 1, 2, TWO)), TWO));
    lines.put("copy that keeps the revision", frame(head(2, copy("a", 1, 1, TWO)), TWO));
    lines.put("copy that goes back", frame(head(2, copy("b", 7, 5, TWO)), TWO));
    lines.put("copy of a new record at 1", frame(head(2, copy("b", 0, 1, TWO)), TWO));
    lines.put("copy over a record as if it was new", frame(head(2, copy("a", 0, 5, TWO)), TWO));
    lines.put("copy behind a later revision", frame(head(2, copy("a", 2, 5, TWO)), TWO));
    lines.put("copy that says twice behind what", withPut("\"r\":1", "\"r\":5,\"p\":0,\"p\":0"));
    lines.put(
        "copy with expiry first",
        frame(head(2, put("b", 5, 7L, TWO).replace(",\"l\"", ",\"p\":0,\"l\"")), TWO));
    lines.put("deletion behind another", frame(head(2, delete("a", 1).replace("}", ",\"p\":0}"))));
    lines.put("second change of two wrong", frame(head(2, PUT, delete("c", 1)), TWO));
    return lines;
  }

  static Stream<Arguments> faults() {
    return Stream.of(
            faultyNumbers(),
            faultyDocuments(),
            faultyValues(),
            faultyPuts(),
            faultyKeys(),
            faultyRevisions())
        .flatMap(lines -> lines.entrySet().stream())
        .map(fault -> Arguments.of(fault.getKey(), fault.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void open_oneFault_isRefused(String fault, String faulty) throws Exception {
    assertRefused(fault, HEADER + FIRST + faulty + THIRD);
  }

  /** A crash leaves no checksum that confirms the line, so this is no torn tail. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void open_oneFaultInTheLastLine_isRefusedToo(String fault, String faulty) throws Exception {
    assertRefused(fault, HEADER + FIRST + faulty);
  }

  private static void assertRefused(String fault, String log) throws IOException {
    int offset = HEADER.length() + FIRST.length();
    SimulatedDisk disk = diskWith(bytes(log));
    assertThatThrownBy(() -> open(disk), "%s", fault)
        .isInstanceOf(StoreCorruptException.class)
        .hasMessageContaining("at byte " + offset + ":")
        .hasMessageNotContainingAny(TWO, crc(TWO), LogText.STORE);
    assertThat(disk.list()).as(fault).containsExactly("lock", "log.1");
    assertThat(disk.content("log.1")).as(fault).isEqualTo(bytes(log));
  }

  /** Faults of the line around the document, which a crash could leave in the last one. */
  static Stream<Arguments> faultyLines() {
    String good = frame(HEAD, TWO);
    String unmasked = crc(good.substring(9, good.length() - 1));
    return Stream.of(
        Arguments.of("checksum of another line", FIRST.substring(0, 8) + good.substring(8)),
        Arguments.of("checksum upper-case", "ABCDEF01" + good.substring(8)),
        Arguments.of("checksum of 7 digits", good.substring(1)),
        Arguments.of("checksum of 9 digits", "0" + good),
        Arguments.of("checksum missing", good.substring(9)),
        Arguments.of("checksum of the bare values", unmasked + good.substring(8)),
        Arguments.of("tab behind the checksum", good.replace(" {", "\t{")),
        Arguments.of("two spaces behind the checksum", good.replace(" {", "  {")),
        Arguments.of("line empty", "\n"),
        Arguments.of("line feed missing", good.substring(0, good.length() - 1)),
        Arguments.of("line feed doubled", good + "\n"),
        Arguments.of("carriage return", good.replace("\n", "\r\n")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faultyLines")
  void open_lineFaulty_isRefused(String fault, String faulty) throws Exception {
    SimulatedDisk disk = diskWith(bytes(HEADER, FIRST, faulty, THIRD));
    assertThatThrownBy(() -> open(disk), "%s", fault).isInstanceOf(StoreCorruptException.class);
  }

  @Test
  void read_valueThatNoWriterEncodes_isRefused() throws Exception {
    for (String value :
        new String[] {"AA=A", "A===", "====", "QR==", "QUJ=", "QQ==QQ==", "AA-_", "AAA\u00e9"}) {
      SimulatedDisk disk = diskWith(bytes(HEADER, frame(head(1, put("a", 1, value)), value)));
      try (FileSecretStore store = open(disk)) {
        assertThatThrownBy(() -> store.read(Records.key("a")), "%s", value)
            .isInstanceOf(StoreCorruptException.class)
            .hasMessageContaining("base64");
      }
    }
  }

  @Test
  void read_valueLargerThanARecordCanBe_isRefused() throws Exception {
    String value = "A".repeat(FrameHead.MAX_VALUE);
    assertThat(FrameHead.MAX_VALUE / 4 * 3).isGreaterThan(Change.MAX_BYTES);
    SimulatedDisk disk = diskWith(bytes(HEADER, frame(head(1, put("a", 1, value)), value)));
    try (FileSecretStore store = open(disk)) {
      assertThatThrownBy(() -> store.read(Records.key("a")))
          .isInstanceOf(StoreCorruptException.class);
    }
  }
}
