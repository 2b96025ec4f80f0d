package dev.secretvault.store.file;

import static dev.secretvault.store.file.LogText.HEADER;
import static dev.secretvault.store.file.LogText.bytes;
import static dev.secretvault.store.file.LogText.line;
import static dev.secretvault.store.file.Records.diskWith;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreFormatException;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The first line of a log is strict, and never torn. */
@Timeout(60)
class LogHeaderTest {

  private static final String DOCUMENT = HEADER.substring(9, HEADER.length() - 1);
  private static final String STORE = LogText.STORE;

  @Test
  void open_noFault_readsTheLog() throws Exception {
    assertThat(stateOf(diskWith(bytes(HEADER)))).isEmpty();
  }

  @Test
  void create_twice_givesOtherStoreNumbers() {
    String one = new String(LogHeader.create().encode(), ISO_8859_1);
    String other = new String(LogHeader.create().encode(), ISO_8859_1);
    assertThat(one).hasSameSizeAs(HEADER).isNotEqualTo(other);
  }

  static Stream<Arguments> faultyDocuments() {
    return Stream.of(
            "",
            "{}",
            "[]",
            "1",
            DOCUMENT.replace("secretvault-log", "secretvault-lock"),
            DOCUMENT.replace("\"secretvault-log\"", "1"),
            DOCUMENT.replace("\"format\":\"secretvault-log\",", ""),
            DOCUMENT.replace("\"version\":1,", ""),
            DOCUMENT.replace("\"version\":1", "\"version\":0"),
            DOCUMENT.replace("\"version\":1", "\"version\":-1"),
            DOCUMENT.replace("\"version\":1", "\"version\":\"1\""),
            DOCUMENT.replace("\"version\":1", "\"version\":1.0"),
            DOCUMENT.replace("\"version\":1", "\"version\":99999999999999999999"),
            DOCUMENT.replace("\"version\":1", "\"version\":01"),
            DOCUMENT.replace("\"version\":1", "\"version\": 1"),
            DOCUMENT.replace("\"generation\":1", "\"generation\":2"),
            DOCUMENT.replace("\"generation\":1,", ""),
            DOCUMENT.replace("\"first\":1", "\"first\":0"),
            DOCUMENT.replace("\"first\":1", "\"first\":2"),
            DOCUMENT.replace(",\"first\":1", ""),
            DOCUMENT.replace(",\"base\":\"00000000\"", ""),
            DOCUMENT.replace("\"00000000\"", "\"00000001\""),
            DOCUMENT.replace("\"00000000\"", "\"0000000\""),
            DOCUMENT.replace("\"00000000\"", "\"0000000A\""),
            DOCUMENT.replace("\"00000000\"", "0"),
            DOCUMENT.replace("}", ",\"more\":1}"),
            DOCUMENT.replace("\"first\":1", "\"first\":1,\"first\":1"),
            DOCUMENT.replace(STORE, STORE.substring(1)),
            DOCUMENT.replace(STORE, STORE.toUpperCase(Locale.ROOT)),
            DOCUMENT.replace(STORE, "0" + STORE),
            DOCUMENT.replace("\"" + STORE + "\"", "1"),
            DOCUMENT.replace("\"" + STORE + "\"", "null"),
            DOCUMENT.replace("\"store\"", "\"\\u0073tore\""),
            DOCUMENT + " ",
            DOCUMENT + "{}",
            DOCUMENT + "\r",
            " " + DOCUMENT,
            DOCUMENT + "}".repeat(LogHeader.MAX_LENGTH))
        .map(Arguments::of);
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("faultyDocuments")
  void open_oneFault_isRefused(String faulty) throws Exception {
    assertThat(faulty).isNotEqualTo(DOCUMENT);
    SimulatedDisk disk = diskWith(bytes(line(faulty)));
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(StoreCorruptException.class)
        .hasMessageContaining("/simulated/log.1")
        .hasMessageContaining("at byte 0:");
    assertThat(disk.list()).containsExactly("lock", "log.1");
    assertThat(disk.content("log.1")).isEqualTo(bytes(line(faulty)));
  }

  @Test
  void open_newerVersion_namesBothVersions() throws Exception {
    for (String header :
        new String[] {
          LogText.header(2),
          line("{\"format\":\"secretvault-log\",\"version\":2}"),
          line("{\"format\":\"secretvault-log\",\"version\":2,\"all\":[\"is\",{\"new\":1}]}")
        }) {
      SimulatedDisk disk = diskWith(bytes(header, "whatever"));
      assertThatThrownBy(() -> open(disk))
          .isInstanceOf(StoreFormatException.class)
          .hasMessageContaining("/simulated/log.1")
          .hasMessageContaining("version 2")
          .hasMessageContaining("above 1");
      assertThat(disk.content("log.1")).isEqualTo(bytes(header, "whatever"));
    }
  }

  @Test
  void open_newestGenerationDamaged_doesNotFallBack() throws Exception {
    SimulatedDisk disk = diskWith(bytes(HEADER)).put("log.2", bytes(HEADER));
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(StoreCorruptException.class)
        .hasMessageContaining("/simulated/log.2");
  }
}
