package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.secretvault.store.RecordKey;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The entries of an index, packed one behind the other: as objects they would take three times the
 * memory. An entry is named by a positive number, its place.
 *
 * <p>An entry never changes. The place of one that was removed goes to a later one of the same
 * size, but not before it is {@linkplain #release released}: until then it can still be compared.
 *
 * <p>It is written as the length of its key less one, the key, four numbers of variable length, and
 * the checksum. The first bit says whether it was removed.
 */
final class Entries {

  private static final int UNIT = 4;
  private static final int PAGE = 1 << 16;
  private static final int UNITS_PER_PAGE = PAGE / UNIT;
  private static final int FIRST_PAGE = 1 << 9;
  private static final int MAX_PAGES = Integer.MAX_VALUE / UNITS_PER_PAGE;
  private static final int MAX_SIZE = 1 + RecordKey.MAX_LENGTH + 4 * 10 + Integer.BYTES;
  private static final byte REMOVED = (byte) 0x80;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Places that may be used again, by the size of their entry in units. */
  private final int[][] free = new int[inUnits(MAX_SIZE) + 1][];

  private final int[] freeCounts = new int[free.length];

  private byte[][] pages;

  /** How much of each page is in use. */
  private int[] ends;

  /** How many pages there are. */
  private int count;

  Entries() {
    pages = new byte[][] {new byte[FIRST_PAGE]};
    // No place is 0.
    ends = new int[] {UNIT};
    count = 1;
  }

  private Entries(Entries other) {
    pages = other.pages.clone();
    ends = other.ends.clone();
    count = other.count;
  }

  /** Those that are here now, to be compared while others are added and removed. */
  Entries frozen() {
    return new Entries(this);
  }

  /** The bytes of a key, in which form it is looked up. */
  static byte[] bytes(RecordKey key) {
    return key.text().getBytes(ISO_8859_1);
  }

  /** Adds an entry, whose key is a part of {@code keys}; returns its place. */
  int add(
      byte[] keys,
      int from,
      int to,
      long revision,
      long expiresAt,
      long offset,
      int length,
      int checksum) {
    int numbers = width(revision) + width(expiresAt + 1) + width(offset) + width(length);
    int place = place(1 + to - from + numbers + Integer.BYTES);
    byte[] page = page(place);
    int at = at(place);
    page[at++] = (byte) (to - from - 1);
    System.arraycopy(keys, from, page, at, to - from);
    at = write(page, at + to - from, revision);
    at = write(page, at, expiresAt + 1);
    at = write(page, at, offset);
    at = write(page, at, length);
    INT.set(page, at, checksum);
    return place;
  }

  /** How many bytes {@link #write} takes. */
  private static int width(long number) {
    return (Long.SIZE - Long.numberOfLeadingZeros(number | 1) + 6) / 7;
  }

  /** Writes seven bits to a byte, the lowest first; all bytes but the last have the first bit. */
  private static int write(byte[] page, int from, long number) {
    int at = from;
    long left = number;
    while ((left & ~0x7fL) != 0) {
      page[at++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    page[at++] = (byte) left;
    return at;
  }

  private static int inUnits(int bytes) {
    return (bytes + UNIT - 1) / UNIT;
  }

  /** A place for an entry of that many bytes. */
  private int place(int bytes) {
    int units = inUnits(bytes);
    if (freeCounts[units] > 0) {
      return free[units][--freeCounts[units]];
    }
    int size = units * UNIT;
    int last = count - 1;
    if (ends[last] + size > PAGE) {
      addPage();
      last++;
    }
    while (ends[last] + size > pages[last].length) {
      pages[last] = Arrays.copyOf(pages[last], 2 * pages[last].length);
    }
    int place = last * UNITS_PER_PAGE + ends[last] / UNIT;
    ends[last] += size;
    return place;
  }

  private void addPage() {
    if (count == MAX_PAGES) {
      throw new IllegalStateException("there are more records than an index can hold");
    }
    if (count == pages.length) {
      pages = Arrays.copyOf(pages, count + count / 2 + 1);
      ends = Arrays.copyOf(ends, pages.length);
    }
    pages[count++] = new byte[PAGE];
  }

  /** Removes an entry. */
  void remove(int place) {
    page(place)[at(place)] |= REMOVED;
  }

  /** Gives the place of a removed entry to others. */
  void release(int place) {
    int units = units(place);
    int[] places = free[units];
    if (places == null) {
      places = new int[4];
    } else if (places.length == freeCounts[units]) {
      places = Arrays.copyOf(places, 2 * places.length);
    }
    places[freeCounts[units]++] = place;
    free[units] = places;
  }

  /** Names the places of all entries that were not removed. */
  void forEach(IntConsumer action) {
    for (int page = 0; page < count; page++) {
      int at = page == 0 ? UNIT : 0;
      while (at < ends[page]) {
        int place = page * UNITS_PER_PAGE + at / UNIT;
        if ((pages[page][at] & REMOVED) == 0) {
          action.accept(place);
        }
        at += units(place) * UNIT;
      }
    }
  }

  /** How large the entry at a place is. */
  private int units(int place) {
    byte[] page = page(place);
    int from = at(place);
    int at = keyEnd(page, from);
    for (int numbers = 0; numbers < 4; numbers++) {
      at = behindNumber(page, at);
    }
    return inUnits(at + Integer.BYTES - from);
  }

  private static int behindNumber(byte[] page, int from) {
    int at = from;
    while (page[at] < 0) {
      at++;
    }
    return at + 1;
  }

  private byte[] page(int place) {
    return pages[place / UNITS_PER_PAGE];
  }

  private static int at(int place) {
    return place % UNITS_PER_PAGE * UNIT;
  }

  private static int keyEnd(byte[] page, int from) {
    return from + 2 + (page[from] & 0x7f);
  }

  long revision(int place) {
    byte[] page = page(place);
    return number(page, keyEnd(page, at(place)));
  }

  long expiresAt(int place) {
    byte[] page = page(place);
    return number(page, behindNumber(page, keyEnd(page, at(place)))) - 1;
  }

  private static long number(byte[] page, int from) {
    long number = 0;
    int at = from;
    for (int shift = 0; ; shift += 7) {
      number |= (page[at] & 0x7fL) << shift;
      if (page[at++] >= 0) {
        return number;
      }
    }
  }

  /** The entry at a place. */
  Index.Entry entry(int place) {
    byte[] page = page(place);
    int from = at(place);
    int length = keyEnd(page, from) - from - 1;
    return entry(place, new RecordKey(new String(page, from + 1, length, ISO_8859_1)));
  }

  /** The entry at a place, whose key is at hand. */
  Index.Entry entry(int place, RecordKey key) {
    byte[] page = page(place);
    int end = keyEnd(page, at(place));
    int expiry = behindNumber(page, end);
    int offset = behindNumber(page, expiry);
    int length = behindNumber(page, offset);
    return new Index.Entry(
        key,
        number(page, end),
        number(page, expiry) - 1,
        number(page, offset),
        (int) number(page, length),
        (int) INT.get(page, behindNumber(page, length)));
  }

  /** Whether the key of an entry is that part of {@code keys}. */
  boolean hasKey(int place, byte[] keys, int from, int to) {
    byte[] page = page(place);
    int start = at(place);
    return Arrays.equals(page, start + 1, keyEnd(page, start), keys, from, to);
  }

  /** Compares the key of an entry with another key. */
  int compareKey(int place, byte[] key) {
    byte[] page = page(place);
    int from = at(place);
    return Arrays.compare(page, from + 1, keyEnd(page, from), key, 0, key.length);
  }

  /** Compares entries by their keys. */
  int compareKeys(int place, int other) {
    byte[] page = page(other);
    int from = at(other);
    byte[] mine = page(place);
    int mineFrom = at(place);
    return Arrays.compare(
        mine, mineFrom + 1, keyEnd(mine, mineFrom), page, from + 1, keyEnd(page, from));
  }

  /** Compares entries by their expiry, and if that is the same by their keys. */
  int compareExpiries(int place, int other) {
    int expiries = Long.compare(expiresAt(place), expiresAt(other));
    return expiries == 0 ? compareKeys(place, other) : expiries;
  }

  /** The hash of an entry's key. */
  int hash(int place) {
    byte[] page = page(place);
    int from = at(place);
    return hash(page, from + 1, keyEnd(page, from));
  }

  /** The hash of a key that is a part of {@code bytes}. */
  static int hash(byte[] bytes, int from, int end) {
    long hash = (long) end - from;
    int at = from;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      hash = mix(hash ^ (long) LONG.get(bytes, at));
    }
    for (; at < end; at++) {
      hash = mix(hash ^ bytes[at]);
    }
    return (int) (mix(hash) >>> 32);
  }

  /** Half of a step of MurmurHash3. */
  private static long mix(long number) {
    long product = number * 0xff51afd7ed558ccdL;
    return product ^ (product >>> 32);
  }
}
