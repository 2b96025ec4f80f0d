package dev.secretvault.store.file;

import java.util.Arrays;

/**
 * What keys begin with, up to their second dot, each kept once and named by a number: in a vault
 * many records share it. A key that has no such beginning, or nothing behind it, has none. Nor has
 * one whose beginning was not seen shortly before, or comes when there are very many already: each
 * takes more than one record spares.
 *
 * <p>They are never forgotten.
 */
final class Prefixes {

  /** The number of the empty one. */
  static final int NONE = 0;

  /** How many there may be. */
  static final int MOST = 1 << 16;

  private static final int LEAST = 1 << 3;
  private static final int SEEN = 1 << 12;

  private byte[][] texts;
  private int count = 1;

  /** Numbers, searched from where the hash points to the next empty slot. */
  private int[] slots;

  /** Hashes of what was seen once, each where it points to, until another takes its place. */
  private final int[] seen;

  Prefixes() {
    seen = new int[SEEN];
    slots = new int[2 * LEAST];
    texts = new byte[LEAST][];
    texts[NONE] = new byte[0];
  }

  private Prefixes(Prefixes other) {
    seen = other.seen.clone();
    texts = other.texts.clone();
    count = other.count;
    slots = other.slots.clone();
  }

  /** Those that are here now, with their numbers. */
  Prefixes copy() {
    return new Prefixes(this);
  }

  /**
   * A prefix. No copy. None but the empty one begins with another: only its end is its last dot.
   */
  byte[] text(int number) {
    return texts[number];
  }

  /** The number of the prefix of a key, which is entered when it is seen again. */
  int of(byte[] keys, int from, int to) {
    int end = end(keys, from, to);
    if (end == from) {
      return NONE;
    }
    int slot = slot(keys, from, end);
    if (slots[slot] == NONE && count <= MOST && wasSeen(Entries.hash(keys, from, end))) {
      enter(Arrays.copyOfRange(keys, from, end), slot);
      slot = slot(keys, from, end);
    }
    return slots[slot];
  }

  private boolean wasSeen(int hash) {
    int at = hash & (SEEN - 1);
    boolean before = seen[at] == hash;
    seen[at] = hash;
    return before;
  }

  private static int end(byte[] keys, int from, int to) {
    int dots = 0;
    for (int at = from; at < to - 1; at++) {
      if (keys[at] == '.' && ++dots == 2) {
        return at + 1;
      }
    }
    return from;
  }

  /** Where a prefix is, or would be. */
  private int slot(byte[] keys, int from, int to) {
    int mask = slots.length - 1;
    int slot = Entries.hash(keys, from, to) & mask;
    while (slots[slot] != NONE && !isAt(slot, keys, from, to)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private boolean isAt(int slot, byte[] keys, int from, int to) {
    byte[] text = texts[slots[slot]];
    return Arrays.equals(text, 0, text.length, keys, from, to);
  }

  private void enter(byte[] text, int slot) {
    if (count == texts.length) {
      byte[][] more = Arrays.copyOf(texts, 2 * count);
      int[] emptier = new int[4 * count];
      texts = more;
      slots = emptier;
      for (int number = 1; number < count; number++) {
        slots[slot(texts[number], 0, texts[number].length)] = number;
      }
      slots[slot(text, 0, text.length)] = count;
    } else {
      slots[slot] = count;
    }
    texts[count++] = text;
  }
}
