package dev.secretvault.store.file;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Finds the entry of a key: a hash table of places, searched from where the hash points to the next
 * empty slot. A byte of the hash spares most looks at other entries; it stands right before the
 * place, as each look at another part of so much memory takes longer than all the rest.
 */
final class KeyTable {

  private static final int LEAST = 1 << 4;
  private static final int MOST = 1 << 28;

  /** How many entries there may be. */
  static final int MOST_ENTRIES = room(MOST);

  /** A byte of a hash, 0 where the slot is empty, and a place. */
  private static final int SLOT = 1 + Integer.BYTES;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final Entries entries;
  private byte[] slots = new byte[LEAST * SLOT];
  private int size;

  KeyTable(Entries entries) {
    this.entries = entries;
  }

  /**
   * The place of the entry with a key, 0 if there is none.
   *
   * @param keys holds the key from {@code from} up to {@code to}
   * @param hash the key's
   */
  int find(byte[] keys, int from, int to, int hash) {
    int mask = count() - 1;
    byte tag = tag(hash);
    for (int slot = hash & mask; isTaken(slot); slot = (slot + 1) & mask) {
      if (slots[slot * SLOT] == tag && entries.hasKey(place(slot), keys, from, to)) {
        return place(slot);
      }
    }
    return 0;
  }

  /** How many slots there are. */
  int count() {
    return slots.length / SLOT;
  }

  private boolean isTaken(int slot) {
    return slots[slot * SLOT] != 0;
  }

  private int place(int slot) {
    return (int) INT.get(slots, slot * SLOT + 1);
  }

  private static void set(byte[] slots, int slot, byte tag, int place) {
    slots[slot * SLOT] = tag;
    INT.set(slots, slot * SLOT + 1, place);
  }

  /**
   * Takes in an entry that was just added, and whose key is not here yet.
   *
   * @param guess how many entries there will soon be; 0 if that is not known
   */
  void add(int place, int hash, long guess) {
    if (size + 1 > room(count())) {
      rebuild(slots(size + 1, guess));
    } else {
      enter(slots, place, hash);
    }
    size++;
  }

  /**
   * How many slots a table has that was too small: at most four times as many as before. A guess
   * may be far too high, as where a log has its small records first.
   *
   * @param entries how many there are, {@link #MOST_ENTRIES} at most
   * @param guess how many there will soon be; 0 if that is not known
   */
  static int slots(int entries, long guess) {
    int slots = LEAST;
    while (room(slots) < entries) {
      slots *= 2;
    }
    return slots < MOST && room(slots) < guess ? 2 * slots : slots;
  }

  /** Becomes as small as it may be, if it is larger than it would be without knowing of growth. */
  void trim() {
    int wanted = count();
    while (wanted > LEAST && size <= room(wanted / 2)) {
      wanted /= 2;
    }
    if (wanted < count()) {
      rebuild(wanted);
    }
  }

  /** How many entries so many slots may have: more would make looks too long. */
  private static int room(int slots) {
    return slots / 4 * 3;
  }

  private void rebuild(int wanted) {
    byte[] rebuilt = new byte[wanted * SLOT];
    // In the order of their places, which is faster than in that of the hashes.
    entries.forEach(place -> enter(rebuilt, place, entries.hash(place)));
    slots = rebuilt;
  }

  private static void enter(byte[] slots, int place, int hash) {
    int mask = slots.length / SLOT - 1;
    int slot = hash & mask;
    while (slots[slot * SLOT] != 0) {
      slot = (slot + 1) & mask;
    }
    set(slots, slot, tag(hash), place);
  }

  /** How many entries there are. */
  int size() {
    return size;
  }

  /** Forgets an entry. */
  void remove(int place, int hash) {
    int mask = count() - 1;
    int empty = hash & mask;
    while (place(empty) != place) {
      empty = (empty + 1) & mask;
    }
    // Whatever was entered further on because this slot was taken moves up.
    for (int slot = (empty + 1) & mask; isTaken(slot); slot = (slot + 1) & mask) {
      int home = entries.hash(place(slot)) & mask;
      if (((slot - home) & mask) >= ((slot - empty) & mask)) {
        set(slots, empty, slots[slot * SLOT], place(slot));
        empty = slot;
      }
    }
    set(slots, empty, (byte) 0, 0);
    size--;
  }

  private static byte tag(int hash) {
    byte tag = (byte) (hash >>> 24);
    return tag == 0 ? 1 : tag;
  }
}
