package dev.secretvault.store.file;

/**
 * Finds the entry of a key: a hash table of places, searched from where the hash points to the next
 * empty slot. A byte of the hash beside each place spares most looks at other entries.
 */
final class KeyTable {

  private static final int LEAST = 1 << 4;
  private static final int MOST = 1 << 30;
  private static final int MOST_GROWTH = 16;

  private final Entries entries;
  private int[] places = new int[LEAST];

  /** 0 where a slot is empty. */
  private byte[] tags = new byte[LEAST];

  private int count;

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
    int mask = places.length - 1;
    byte tag = tag(hash);
    for (int slot = hash & mask; tags[slot] != 0; slot = (slot + 1) & mask) {
      if (tags[slot] == tag && entries.hasKey(places[slot], keys, from, to)) {
        return places[slot];
      }
    }
    return 0;
  }

  /**
   * Takes in an entry that was just added, and whose key is not here yet.
   *
   * @param growth how many times as many entries there will soon be; 0 and 1 if that is not known
   */
  void add(int place, int hash, long growth) {
    if (count + 1 > room(places.length)) {
      rebuild(slots(count + 1, growth));
    } else {
      enter(place, hash);
    }
    count++;
  }

  /**
   * How many slots a table has that was too small.
   *
   * @param entries how many there are
   * @param growth how many times as many there will soon be; 0 and 1 if that is not known
   */
  static int slots(int entries, long growth) {
    if (entries > room(MOST)) {
      throw new IllegalStateException("there are more records than an index can hold");
    }
    long guess = entries * Math.max(1, Math.min(growth, MOST_GROWTH));
    int slots = LEAST;
    while (slots < MOST && room(slots) < guess) {
      slots *= 2;
    }
    return slots;
  }

  /** Becomes as small as it may be, if it is larger than it would be without knowing of growth. */
  void trim() {
    int slots = places.length;
    while (slots > LEAST && count <= room(slots / 2)) {
      slots /= 2;
    }
    if (slots < places.length) {
      rebuild(slots);
    }
  }

  /** How many entries so many slots may have: more would make looks too long. */
  private static int room(int slots) {
    return slots / 4 * 3;
  }

  private void rebuild(int slots) {
    int[] newPlaces = new int[slots];
    byte[] newTags = new byte[slots];
    // Not one without the other, if the memory is not enough.
    places = newPlaces;
    tags = newTags;
    // In the order of their places, which is faster than in that of the hashes.
    entries.forEach(place -> enter(place, entries.hash(place)));
  }

  private void enter(int place, int hash) {
    int mask = places.length - 1;
    int slot = hash & mask;
    while (tags[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    places[slot] = place;
    tags[slot] = tag(hash);
  }

  /** Forgets an entry. */
  void remove(int place, int hash) {
    int mask = places.length - 1;
    int empty = hash & mask;
    while (places[empty] != place) {
      empty = (empty + 1) & mask;
    }
    // Whatever was entered further on because this slot was taken moves up.
    for (int slot = (empty + 1) & mask; tags[slot] != 0; slot = (slot + 1) & mask) {
      int home = entries.hash(places[slot]) & mask;
      if (((slot - home) & mask) >= ((slot - empty) & mask)) {
        places[empty] = places[slot];
        tags[empty] = tags[slot];
        empty = slot;
      }
    }
    places[empty] = 0;
    tags[empty] = 0;
    count--;
  }

  private static byte tag(int hash) {
    byte tag = (byte) (hash >>> 24);
    return tag == 0 ? 1 : tag;
  }
}
