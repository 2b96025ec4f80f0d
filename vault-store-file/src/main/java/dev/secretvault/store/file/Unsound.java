package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Values that were read and do not match their checksum, of records that are stored as far as the
 * log was read. Whoever replaces or deletes a record erases its value, so what that means is known
 * at the end of the log only.
 */
final class Unsound {

  /**
   * Such a value.
   *
   * @param position where its text begins
   * @param erased whether it is erased
   */
  record Text(long position, boolean erased) {}

  private final Map<RecordKey, Text> texts = new HashMap<>();

  /** Such a value, as it was read. */
  static Text text(long position, byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] == '-') {
      at++;
    }
    return new Text(position, at == to);
  }

  void add(Map<RecordKey, Text> more) {
    texts.putAll(more);
  }

  /** Forgets entries that were replaced or deleted; returns those whose values are still there. */
  List<Index.Entry> unerased(List<Index.Entry> gone) {
    if (gone.isEmpty()) {
      return gone;
    }
    List<Index.Entry> unerased = new ArrayList<>();
    for (Index.Entry entry : gone) {
      Text text = texts.remove(entry.key());
      if (entry.length() > 0 && (text == null || !text.erased())) {
        unerased.add(entry);
      }
    }
    return unerased;
  }

  /**
   * Refuses what is left, once the log was read to its end. If a stored value is erased, the frame
   * that erased it was acknowledged, and is no torn tail to be cut off.
   *
   * @throws StoreCorruptException if anything is left
   */
  void refuse(Path path) {
    texts.values().stream()
        .mapToLong(Text::position)
        .min()
        .ifPresent(
            position -> {
              throw LogReader.corrupt(
                  path, position, "the value there does not match its checksum");
            });
  }
}
