package dev.secretvault.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Looks for texts in all files of a directory: as they are, in hexadecimal digits, in Base64. */
final class PlaintextSearch {

  private final List<String> contents = new ArrayList<>();
  private long bytes;

  /** Reads the files, which should be few and small. */
  PlaintextSearch(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] content = Files.readAllBytes(file);
        bytes += content.length;
        // One character for each byte, whatever the bytes are.
        contents.add(new String(content, StandardCharsets.ISO_8859_1));
      }
    }
  }

  int files() {
    return contents.size();
  }

  long bytes() {
    return bytes;
  }

  /** Whether any file holds the text in any of the forms. */
  boolean finds(String text) {
    return forms(text.getBytes(StandardCharsets.UTF_8)).stream()
        .anyMatch(form -> contents.stream().anyMatch(content -> content.contains(form)));
  }

  private static List<String> forms(byte[] text) {
    List<String> forms = new ArrayList<>();
    forms.add(new String(text, StandardCharsets.ISO_8859_1));
    forms.add(HexFormat.of().formatHex(text));
    forms.add(HexFormat.of().withUpperCase().formatHex(text));
    // In Base64 a text looks different depending on how many bytes stand before it. The first and
    // the last character depend on the neighbours and are left out.
    for (int before = 0; before < 3; before++) {
      byte[] shifted = new byte[before + text.length];
      System.arraycopy(text, 0, shifted, before, text.length);
      String encoded = Base64.getEncoder().withoutPadding().encodeToString(shifted);
      String inner = encoded.substring((8 * before + 5) / 6, 8 * shifted.length / 6);
      forms.add(inner);
      forms.add(inner.replace('+', '-').replace('/', '_'));
    }
    return forms;
  }
}
