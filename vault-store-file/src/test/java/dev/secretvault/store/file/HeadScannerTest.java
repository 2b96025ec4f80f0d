package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The scanner accepts what a JSON parser accepts and a writer would write in the same way, and
 * nothing else: of random heads, as they are and with some bytes changed.
 */
@Timeout(600)
class HeadScannerTest {

  /** So many by default; {@code -Dsecretvault.heads=10000000} tries more. */
  private static final int HEADS = Integer.getInteger("secretvault.heads", 100_000);

  private static final String ALPHABET =
      "{}[]\",:-+.0123456789ncvkrpxlsdeabfAZz_ \\/\n\t\u0000\u007f\u0080\u00ff";

  private static final List<String> PARTS =
      List.of(
          "{\"n\":",
          ",\"c\":[",
          "],\"v\":[",
          "{\"k\":\"",
          "\",\"r\":",
          ",\"p\":",
          ",\"x\":",
          ",\"l\":",
          ",\"s\":\"",
          "\"}",
          "\",\"d\":",
          "}",
          ",",
          "0",
          "00",
          "-1",
          "01",
          "1e1",
          "1.0",
          "5592408",
          "5592412",
          "9223372036854775806",
          "9223372036854775807",
          "9223372036854775808",
          "9223372036854775817",
          "10000000000000000000",
          "18446744073709551617",
          "k".repeat(127),
          "\\u006e");

  private final HeadScanner scanner = new HeadScanner();
  private SplittableRandom random;

  @BeforeEach
  void drawSeed() {
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("heads, -Dsecretvault.seed=%d%n", seed);
    random = new SplittableRandom(seed);
  }

  @Test
  void scan_anyHead_acceptsWhatAParserReadsAndAWriterWrites() {
    int accepted = 0;
    for (int i = 0; i < HEADS; i++) {
      StringBuilder text = new StringBuilder(new String(head(steps()).encode(), ISO_8859_1));
      for (int changes = random.nextInt(4); changes > 0; changes--) {
        change(text);
      }
      accepted += agrees(text) ? 1 : 0;
    }
    assertThat(accepted).isBetween(HEADS / 5, HEADS * 4 / 5);
  }

  @Test
  void scan_asManyChangesAsAllowedAndOneMore_acceptsAndRefuses() {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < SecretStore.MAX_CHANGES; i++) {
      steps.add(new Step(new RecordKey("k".repeat(124) + (1_000 + i)), true, 1, -1, 4, i));
    }
    assertThat(agrees(new StringBuilder(text(steps)))).isTrue();
    assertThat(scanner.repeatsKey()).isFalse();
    steps.set(500, steps.get(0));
    assertThat(agrees(new StringBuilder(text(steps)))).isTrue();
    assertThat(scanner.repeatsKey()).isTrue();
    steps.add(Step.delete(new RecordKey("one.more"), 1));
    assertThat(agrees(new StringBuilder(text(steps)))).isFalse();
  }

  @Test
  void scan_asMuchValueAsAllowedAndMore_acceptsAndRefuses() {
    List<Step> steps = new ArrayList<>();
    int left = FrameHead.MAX_VALUES / 4 * 4;
    for (int i = 0; left > 0; i++) {
      int length = Math.min(left, FrameHead.MAX_VALUE / 4 * 4);
      steps.add(new Step(new RecordKey("k" + i), true, 1, -1, length, i));
      left -= length;
    }
    assertThat(agrees(new StringBuilder(text(steps)))).isTrue();
    steps.add(new Step(new RecordKey("more"), true, 1, -1, 4, 0));
    assertThat(agrees(new StringBuilder(text(steps)))).isFalse();
  }

  @Test
  void scan_cutAnywhere_refuses() {
    byte[] head;
    do {
      head = head(steps()).encode();
    } while (canonical(head, 0, head.length) == null);
    for (int length = 0; length < head.length; length++) {
      assertThat(scanner.scan(head, 0, length)).isEqualTo(-1);
    }
    assertThat(scanner.scan(head, 0, head.length)).isEqualTo(head.length);
  }

  private FrameHead head(List<Step> steps) {
    return new FrameHead(number(0), steps);
  }

  private String text(List<Step> steps) {
    return new String(head(steps).encode(), ISO_8859_1);
  }

  private List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      steps.add(step());
    }
    return steps;
  }

  private Step step() {
    RecordKey key = key();
    if (random.nextInt(4) == 0) {
      return Step.delete(key, number(1));
    }
    int length = random.nextInt(8) == 0 ? FrameHead.MAX_VALUE / 4 * 4 : 4 * random.nextInt(200);
    long expiry = random.nextBoolean() ? number(0) : Step.NEVER;
    long revision = number(1);
    // Also one that is no revision before this one, which both must refuse.
    long before = random.nextInt(3) == 0 ? number(0) : random.nextLong(revision);
    long precondition = random.nextBoolean() ? revision - 1 : before;
    return new Step(key, true, precondition, revision, expiry, length, random.nextInt());
  }

  private RecordKey key() {
    StringBuilder key = new StringBuilder();
    int length = random.nextInt(8) == 0 ? RecordKey.MAX_LENGTH : 1 + random.nextInt(30);
    while (key.length() < length) {
      key.append("abcxyzABCXYZ0189.-_".charAt(random.nextInt(19)));
    }
    return new RecordKey(key.toString());
  }

  private long number(long least) {
    long number = random.nextLong() >>> random.nextInt(1, 64);
    return Math.max(least, random.nextInt(16) == 0 ? Long.MAX_VALUE : number);
  }

  private void change(StringBuilder text) {
    if (text.isEmpty()) {
      return;
    }
    int at = random.nextInt(text.length());
    int to = Math.min(text.length(), at + random.nextInt(20));
    char c = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    String part = PARTS.get(random.nextInt(PARTS.size()));
    switch (random.nextInt(8)) {
      case 0 -> text.setCharAt(at, c);
      case 1 -> text.insert(at, c);
      case 2 -> text.deleteCharAt(at);
      case 3 -> text.insert(at, text.substring(at, to));
      case 4 -> text.delete(at, to);
      case 5 -> text.setCharAt(at, (char) random.nextInt(256));
      case 6 -> text.insert(at, part);
      default -> replaceNumber(text, at, part);
    }
  }

  private static void replaceNumber(StringBuilder text, int near, String number) {
    int from = near;
    while (from < text.length() && !Character.isDigit(text.charAt(from))) {
      from++;
    }
    int to = from;
    while (to < text.length() && Character.isDigit(text.charAt(to))) {
      to++;
    }
    text.replace(from, to, number);
  }

  /** Compares the scanner with the parser, of a text with something in front and behind. */
  private boolean agrees(StringBuilder text) {
    int from = random.nextInt(3);
    int behind = random.nextInt(20);
    byte[] bytes = ("\"{}".substring(0, from) + text + "\"AAAA\"]}".repeat(4)).getBytes(ISO_8859_1);
    int limit = Math.min(bytes.length, from + text.length() + behind);
    FrameHead expected = canonical(bytes, from, limit);
    int end = scanner.scan(bytes, from, limit);
    // Assertions are made for what differs only: there are many heads, and they cost more than a
    // scan.
    if (expected == null) {
      if (end != -1 || FrameHead.fault(bytes, from, limit - from).reason().isEmpty()) {
        assertThat(text).as("refused by the parser").isNull();
      }
      return false;
    }
    if (end != from + expected.encode().length
        || !scanned().equals(expected)
        || scanner.tailLength() != expected.tailLength()) {
      assertThat(text).as("accepted by the parser").isNull();
    }
    return true;
  }

  private static FrameHead canonical(byte[] bytes, int from, int limit) {
    try {
      FrameHead head = FrameHead.parse(bytes, from, limit - from);
      byte[] encoded = head.encode();
      int end = from + encoded.length;
      return end <= limit && Arrays.equals(encoded, 0, encoded.length, bytes, from, end)
          ? head
          : null;
    } catch (FrameException refused) {
      return null;
    }
  }

  /** What the scanner says, as the parser says it. */
  private FrameHead scanned() {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < scanner.count(); i++) {
      Step step = scannedStep(i);
      steps.add(step);
      boolean copy = step.isPut() && step.precondition() != step.revision() - 1;
      if (scanner.isCopy(i) != copy || (!step.isPut() && step.precondition() != step.revision())) {
        assertThat(step).isNull();
      }
    }
    return new FrameHead(scanner.number(), steps);
  }

  private Step scannedStep(int i) {
    return scanner.isPut(i)
        ? new Step(
            scanner.key(i),
            true,
            scanner.precondition(i),
            scanner.revision(i),
            scanner.expiresAt(i),
            scanner.length(i),
            scanner.checksum(i))
        : Step.delete(scanner.key(i), scanner.revision(i));
  }
}
