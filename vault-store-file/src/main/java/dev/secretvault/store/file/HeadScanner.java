package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads heads of frames, one after the other, in the one spelling that {@link FrameHead#encode}
 * gives them and in no other. Makes no objects, as a log may have millions: what a head says can be
 * asked for until the next one is read.
 *
 * <p>It does not say why it refuses a head: {@link FrameHead#fault} does.
 */
final class HeadScanner {

  private static final byte[] NUMBER = ascii("{\"n\":");
  private static final byte[] STEPS = ascii(",\"c\":[");
  private static final byte[] VALUES = ascii("],\"v\":[");
  private static final byte[] KEY = ascii("{\"k\":\"");
  private static final byte[] REVISION = ascii("\",\"r\":");
  private static final byte[] PREVIOUS = ascii(",\"p\":");
  private static final byte[] EXPIRY = ascii(",\"x\":");
  private static final byte[] LENGTH = ascii(",\"l\":");
  private static final byte[] CHECKSUM = ascii(",\"s\":\"");
  private static final byte[] PUT_END = ascii("\"}");
  private static final byte[] DELETED = ascii("\",\"d\":");
  private static final byte[] DELETION_END = ascii("}");

  /** Stands for the length of the value that a deletion does not have. */
  private static final int NO_VALUE = -1;

  /** The characters that a key may have. */
  private static final boolean[] IN_KEY = new boolean[1 << Byte.SIZE];

  static {
    for (int c = 0; c < IN_KEY.length; c++) {
      try {
        IN_KEY[c] = new RecordKey(Character.toString(c)).text().length() == 1;
      } catch (IllegalArgumentException refused) {
        IN_KEY[c] = false;
      }
    }
  }

  private byte[] bytes = {};
  private int end;
  private int at;

  private long number;
  private int count;
  private long tailLength;

  /** The keys of all steps, one behind the other. */
  private byte[] keys = new byte[RecordKey.MAX_LENGTH];

  private int[] keyEnds = new int[1];
  private int[] hashes = new int[1];
  private long[] preconditions = new long[1];
  private long[] revisions = new long[1];
  private long[] expiries = new long[1];
  private int[] lengths = new int[1];
  private int[] checksums = new int[1];

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  /**
   * Reads the head that begins at an index, but nothing from {@code limit} on.
   *
   * @return where it ends, -1 if there is none
   */
  int scan(byte[] source, int from, int limit) {
    bytes = source;
    at = from;
    end = limit;
    count = 0;
    number = skip(NUMBER) ? number(0, Long.MAX_VALUE) : -1;
    return number >= 0 && skip(STEPS) && steps() && skip(VALUES) ? at : -1;
  }

  private boolean steps() {
    long values = 0;
    int puts = 0;
    boolean more = !isNext((byte) ']');
    while (more) {
      if (count == SecretStore.MAX_CHANGES || !step()) {
        return false;
      }
      if (isPut(count)) {
        values += lengths[count];
        puts++;
      }
      count++;
      more = isNext((byte) ',');
      at += more ? 1 : 0;
    }
    // Two quotes around each value, and commas between them.
    tailLength = values + 2L * puts + Math.max(0, puts - 1) + FrameHead.CLOSING.length;
    return values <= FrameHead.MAX_VALUES;
  }

  private boolean step() {
    reserve();
    if (!skip(KEY) || !key()) {
      return false;
    }
    if (skip(DELETED)) {
      revisions[count] = number(1, Long.MAX_VALUE);
      preconditions[count] = revisions[count];
      expiries[count] = Step.NEVER;
      lengths[count] = NO_VALUE;
      return revisions[count] > 0 && skip(DELETION_END);
    }
    revisions[count] = skip(REVISION) ? number(1, Long.MAX_VALUE) : -1;
    boolean copies = skip(PREVIOUS);
    preconditions[count] = copies ? number(0, revisions[count] - 2) : revisions[count] - 1;
    boolean expires = skip(EXPIRY);
    expiries[count] = expires ? number(0, Long.MAX_VALUE) : Step.NEVER;
    long length = skip(LENGTH) ? number(0, FrameHead.MAX_VALUE) : -1;
    lengths[count] = (int) length;
    return revisions[count] > 0
        && preconditions[count] >= 0
        && expires == (expiries[count] >= 0)
        && length >= 0
        && length % 4 == 0
        && skip(CHECKSUM)
        && checksum()
        && skip(PUT_END);
  }

  private void reserve() {
    if (count == hashes.length) {
      int more = 2 * count;
      keyEnds = Arrays.copyOf(keyEnds, more);
      hashes = Arrays.copyOf(hashes, more);
      preconditions = Arrays.copyOf(preconditions, more);
      revisions = Arrays.copyOf(revisions, more);
      expiries = Arrays.copyOf(expiries, more);
      lengths = Arrays.copyOf(lengths, more);
      checksums = Arrays.copyOf(checksums, more);
    }
    if (keys.length - keyFrom(count) < RecordKey.MAX_LENGTH) {
      keys = Arrays.copyOf(keys, 2 * keys.length);
    }
  }

  private boolean key() {
    int from = at;
    int limit = Math.min(end, at + RecordKey.MAX_LENGTH);
    while (at < limit && IN_KEY[bytes[at] & 0xff]) {
      at++;
    }
    hashes[count] = Entries.hash(bytes, from, at);
    System.arraycopy(bytes, from, keys, keyFrom(count), at - from);
    keyEnds[count] = keyFrom(count) + at - from;
    return at > from;
  }

  private boolean checksum() {
    if (end - at < Checksum.DIGITS) {
      return false;
    }
    try {
      checksums[count] = Checksum.parse(bytes, at);
    } catch (FrameException refused) {
      return false;
    }
    at += Checksum.DIGITS;
    return true;
  }

  /** A number without a sign or a zero in front, -1 if there is none between those bounds. */
  private long number(long least, long most) {
    int from = at;
    long value = 0;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      if (value < 0 || value > Long.MAX_VALUE / 10) {
        return -1;
      }
      // Becomes negative if the last digit is too large.
      value = value * 10 + bytes[at] - '0';
      at++;
    }
    boolean spelledSo = at == from + 1 || (at > from && bytes[from] != '0');
    return spelledSo && value >= least && value <= most ? value : -1;
  }

  private boolean isNext(byte expected) {
    return at < end && bytes[at] == expected;
  }

  /** Whether this comes next; goes behind it then. */
  private boolean skip(byte[] expected) {
    if (end - at < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (bytes[at + i] != expected[i]) {
        return false;
      }
    }
    at += expected.length;
    return true;
  }

  /** As {@link FrameHead#number}. */
  long number() {
    return number;
  }

  /** How many steps there are. */
  int count() {
    return count;
  }

  /** As {@link FrameHead#tailLength}. */
  long tailLength() {
    return tailLength;
  }

  /** Holds the keys of the steps. No copy. */
  byte[] keys() {
    return keys;
  }

  /** Where the key of a step begins in {@link #keys}. */
  int keyFrom(int step) {
    return step == 0 ? 0 : keyEnds[step - 1];
  }

  /** Where the key of a step ends in {@link #keys}. */
  int keyEnd(int step) {
    return keyEnds[step];
  }

  /** The hash of the key of a step. */
  int hash(int step) {
    return hashes[step];
  }

  RecordKey key(int step) {
    int from = keyFrom(step);
    return new RecordKey(new String(keys, from, keyEnds[step] - from, ISO_8859_1));
  }

  /** The records that are changed. */
  Set<RecordKey> changed() {
    Set<RecordKey> changed = new HashSet<>();
    for (int step = 0; step < count; step++) {
      changed.add(key(step));
    }
    return changed;
  }

  boolean isPut(int step) {
    return lengths[step] != NO_VALUE;
  }

  long revision(int step) {
    return revisions[step];
  }

  /** The revision that must be stored before a step, 0 for none. */
  long precondition(int step) {
    return preconditions[step];
  }

  /** Whether a put brings a revision along that does not follow the one before it. */
  boolean isCopy(int step) {
    return isPut(step) && preconditions[step] != revisions[step] - 1;
  }

  long expiresAt(int step) {
    return expiries[step];
  }

  /** How long the text of the value of a put is. */
  int length(int step) {
    return lengths[step];
  }

  int checksum(int step) {
    return checksums[step];
  }

  /** Whether a record occurs twice, which no commit may have. */
  boolean repeatsKey() {
    // A set of keys, made for each commit, would make an opening take a fifth longer.
    int[] seen = new int[4 * Integer.highestOneBit(count)];
    int mask = seen.length - 1;
    boolean suspicious = false;
    for (int step = 0; step < count; step++) {
      int hash = Math.max(1, hashes[step] >>> 1);
      int slot = hash & mask;
      while (seen[slot] != 0 && seen[slot] != hash) {
        slot = (slot + 1) & mask;
      }
      suspicious |= seen[slot] == hash;
      seen[slot] = hash;
    }
    return suspicious && changed().size() < count;
  }
}
