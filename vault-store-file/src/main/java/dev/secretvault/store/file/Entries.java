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
 * <p>It is written as the length less one of what its key has behind its {@linkplain Prefixes
 * prefix}, that, five numbers of variable length, the first of which names the prefix, and the
 * checksum. The first bit says whether it was removed.
 */
final class Entries {

  private static final int UNIT = 4;
  private static final int PAGE = 1 << 16;
  private static final int UNITS_PER_PAGE = PAGE / UNIT;
  private static final int FIRST_PAGE = 1 << 9;
  private static final int MAX_PAGES = Integer.MAX_VALUE / UNITS_PER_PAGE;
  private static final int NUMBERS = 5;
  private static final int MAX_SIZE = 1 + RecordKey.MAX_LENGTH + NUMBERS * 10 + Integer.BYTES;
  private static final int LEAST_PER_PAGE = UNITS_PER_PAGE / inUnits(MAX_SIZE);
  private static final byte REMOVED = (byte) 0x80;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Places that may be used again, by the size of their entry in units. */
  private final int[][] free = new int[inUnits(MAX_SIZE) + 1][];

  private final int[] freeCounts = new int[free.length];

  private final Prefixes prefixes;

  /** Where a key is put together to be hashed. */
  private final byte[] whole = new byte[RecordKey.MAX_LENGTH];

  private byte[][] pages;

  /** How much of each page is in use. */
  private int[] ends;

  /** How many pages there are. */
  private int count;

  Entries() {
    prefixes = new Prefixes();
    pages = new byte[][] {new byte[FIRST_PAGE]};
    // No place is 0.
    ends = new int[] {UNIT};
    count = 1;
  }

  private Entries(Entries other) {
    prefixes = other.prefixes.copy();
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
    int prefix = prefixes.of(keys, from, to);
    int rest = from + prefixes.text(prefix).length;
    int numbers =
        width(prefix) + width(revision) + width(expiresAt + 1) + width(offset) + width(length);
    int place = place(1 + to - rest + numbers + Integer.BYTES);
    byte[] page = page(place);
    int at = at(place);
    page[at++] = (byte) (to - rest - 1);
    System.arraycopy(keys, rest, page, at, to - rest);
    at = write(page, at + to - rest, prefix);
    at = write(page, at, revision);
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

  /** Whether so many more have room, however long their keys are: about 8 GB in all. */
  boolean hasRoom(int more) {
    return count + more / LEAST_PER_PAGE + 1 <= MAX_PAGES;
  }

  private void addPage() {
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
    int at = restEnd(page, from);
    for (int numbers = 0; numbers < NUMBERS; numbers++) {
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

  /** Where the end of the key of an entry ends, and its numbers begin. */
  private static int restEnd(byte[] page, int from) {
    return from + 2 + (page[from] & 0x7f);
  }

  private int prefix(int place) {
    byte[] page = page(place);
    return prefix(page, restEnd(page, at(place)));
  }

  /** The number of the prefix of an entry whose key ends there. */
  private static int prefix(byte[] page, int restEnd) {
    return (int) number(page, restEnd);
  }

  long revision(int place) {
    byte[] page = page(place);
    return number(page, behindNumber(page, restEnd(page, at(place))));
  }

  long expiresAt(int place) {
    byte[] page = page(place);
    int revision = behindNumber(page, restEnd(page, at(place)));
    return number(page, behindNumber(page, revision)) - 1;
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

  private byte[] key(int place) {
    byte[] page = page(place);
    int from = at(place);
    int end = restEnd(page, from);
    byte[] prefix = prefixes.text(prefix(page, end));
    int rest = end - from - 1;
    byte[] key = Arrays.copyOf(prefix, prefix.length + rest);
    System.arraycopy(page, from + 1, key, prefix.length, rest);
    return key;
  }

  /** The entry at a place. */
  Index.Entry entry(int place) {
    return entry(place, new RecordKey(new String(key(place), ISO_8859_1)));
  }

  /** The entry at a place, whose key is at hand. */
  Index.Entry entry(int place, RecordKey key) {
    byte[] page = page(place);
    int revision = behindNumber(page, restEnd(page, at(place)));
    int expiry = behindNumber(page, revision);
    int offset = behindNumber(page, expiry);
    int length = behindNumber(page, offset);
    return new Index.Entry(
        key,
        number(page, revision),
        number(page, expiry) - 1,
        number(page, offset),
        (int) number(page, length),
        (int) INT.get(page, behindNumber(page, length)));
  }

  /** Whether the key of an entry is that part of {@code keys}. */
  boolean hasKey(int place, byte[] keys, int from, int to) {
    byte[] page = page(place);
    int start = at(place);
    int end = restEnd(page, start);
    byte[] prefix = prefixes.text(prefix(page, end));
    int rest = from + prefix.length;
    return to - rest == end - start - 1
        && Arrays.equals(page, start + 1, end, keys, rest, to)
        && Arrays.equals(prefix, 0, prefix.length, keys, from, rest);
  }

  /** Compares the key of an entry with another key. */
  int compareKey(int place, byte[] key) {
    return compareKey(place, key, 0, key.length);
  }

  private int compareKey(int place, byte[] keys, int from, int to) {
    byte[] page = page(place);
    int start = at(place);
    int end = restEnd(page, start);
    byte[] prefix = prefixes.text(prefix(page, end));
    int rest = from + Math.min(prefix.length, to - from);
    int compared = Arrays.compare(prefix, 0, prefix.length, keys, from, rest);
    return compared == 0 ? Arrays.compare(page, start + 1, end, keys, rest, to) : compared;
  }

  /** Compares entries by their keys; takes no memory. */
  int compareKeys(int place, int other) {
    int mine = prefix(place);
    int its = prefix(other);
    if (mine == its) {
      return compareRests(place, other);
    }
    if (mine == Prefixes.NONE) {
      return -compareWithRest(other, place);
    }
    return its == Prefixes.NONE
        ? compareWithRest(place, other)
        : Arrays.compare(prefixes.text(mine), prefixes.text(its));
  }

  /** Compares the key of an entry with that of another, which has no prefix. */
  private int compareWithRest(int place, int other) {
    byte[] page = page(other);
    int from = at(other);
    return compareKey(place, page, from + 1, restEnd(page, from));
  }

  private int compareRests(int place, int other) {
    byte[] page = page(other);
    int from = at(other);
    byte[] mine = page(place);
    int mineFrom = at(place);
    return Arrays.compare(
        mine, mineFrom + 1, restEnd(mine, mineFrom), page, from + 1, restEnd(page, from));
  }

  /** Compares entries by their expiry, and if that is the same by their keys. */
  int compareExpiries(int place, int other) {
    int expiries = Long.compare(expiresAt(place), expiresAt(other));
    return expiries == 0 ? compareKeys(place, other) : expiries;
  }

  /** The hash of an entry's key. For whoever adds and removes; takes no memory. */
  int hash(int place) {
    byte[] page = page(place);
    int from = at(place);
    int end = restEnd(page, from);
    byte[] prefix = prefixes.text(prefix(page, end));
    int rest = end - from - 1;
    System.arraycopy(prefix, 0, whole, 0, prefix.length);
    System.arraycopy(page, from + 1, whole, prefix.length, rest);
    return hash(whole, 0, prefix.length + rest);
  }

  /** The hash of a key that is a part of {@code bytes}. */
  static int hash(byte[] bytes, int from, int end) {
    long hash = (long) end - from;
    int at = from;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      hash = mix(hash ^ (long) LONG.get(bytes, at));
    }
    if (end - from >= Long.BYTES) {
      // Some of them once more, as so many at once are faster than one after the other.
      return spread(hash ^ (long) LONG.get(bytes, end - Long.BYTES));
    }
    for (; at < end; at++) {
      hash = mix(hash ^ bytes[at]);
    }
    return spread(hash);
  }

  /**
   * Twice, as a product's lower bits know nothing of its factors' higher ones: of the last bytes.
   */
  private static int spread(long hash) {
    return (int) (mix(mix(hash)) >>> 32);
  }

  /** Half of a step of MurmurHash3. */
  private static long mix(long number) {
    long product = number * 0xff51afd7ed558ccdL;
    return product ^ (product >>> 32);
  }
}
