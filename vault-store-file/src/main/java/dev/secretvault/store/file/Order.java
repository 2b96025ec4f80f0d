package dev.secretvault.store.file;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/** Places of entries in some order of these, in pieces so short that one is soon copied. */
final class Order {

  private static final int PIECE = 512;

  private final List<int[]> pieces = new ArrayList<>();

  /** Puts places in order; takes the array over. */
  Order(int[] places, IntBinaryOperator comparison) {
    sort(places, 0, places.length, new int[places.length / 2 + 1], comparison);
    // Not full, or the first to be added would have each cut in two.
    int step = PIECE * 7 / 8;
    for (int from = 0; from < places.length; from += step) {
      pieces.add(Arrays.copyOfRange(places, from, Math.min(places.length, from + step)));
    }
  }

  private static void sort(
      int[] places, int from, int to, int[] left, IntBinaryOperator comparison) {
    if (to - from < 2) {
      return;
    }
    int middle = (from + to) >>> 1;
    sort(places, from, middle, left, comparison);
    sort(places, middle, to, left, comparison);
    if (comparison.applyAsInt(places[middle - 1], places[middle]) < 0) {
      return;
    }
    int count = middle - from;
    System.arraycopy(places, from, left, 0, count);
    int next = from;
    int right = middle;
    for (int i = 0; i < count; next++) {
      boolean takesRight = right < to && comparison.applyAsInt(places[right], left[i]) < 0;
      places[next] = takesRight ? places[right++] : left[i++];
    }
  }

  /** Adds a place that is not here yet. */
  void add(int place, IntBinaryOperator comparison) {
    if (pieces.isEmpty()) {
      pieces.add(new int[] {place});
      return;
    }
    IntUnaryOperator toPlace = other -> comparison.applyAsInt(other, place);
    int number = Math.max(0, piecesBefore(toPlace) - 1);
    int[] piece = pieces.get(number);
    int at = countBefore(piece, toPlace);
    int[] longer = Arrays.copyOf(piece, piece.length + 1);
    System.arraycopy(piece, at, longer, at + 1, piece.length - at);
    longer[at] = place;
    if (longer.length <= PIECE) {
      pieces.set(number, longer);
    } else {
      pieces.set(number, Arrays.copyOf(longer, PIECE / 2));
      pieces.add(number + 1, Arrays.copyOfRange(longer, PIECE / 2, longer.length));
    }
  }

  /** Removes a place that is here. */
  void remove(int place, IntBinaryOperator comparison) {
    IntUnaryOperator toPlace = other -> comparison.applyAsInt(other, place);
    int number = piecesBefore(toPlace);
    // A piece that begins with the place itself is not before it.
    if (number == pieces.size() || pieces.get(number)[0] != place) {
      number--;
    }
    int[] piece = pieces.get(number);
    if (piece.length == 1) {
      pieces.remove(number);
      return;
    }
    int at = countBefore(piece, toPlace);
    int[] shorter = Arrays.copyOf(piece, piece.length - 1);
    System.arraycopy(piece, at + 1, shorter, at, shorter.length - at);
    pieces.set(number, shorter);
  }

  /**
   * Names places in their order until one is refused.
   *
   * @param position negative for the places to be passed over, which are all before the others
   */
  void walk(IntUnaryOperator position, IntPredicate taker) {
    int number = Math.max(0, piecesBefore(position) - 1);
    for (int i = number; i < pieces.size(); i++) {
      int[] piece = pieces.get(i);
      for (int at = i == number ? countBefore(piece, position) : 0; at < piece.length; at++) {
        if (!taker.test(piece[at])) {
          return;
        }
      }
    }
  }

  /** How many pieces begin with a place for which {@code position} is negative. */
  private int piecesBefore(IntUnaryOperator position) {
    int low = 0;
    int high = pieces.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (position.applyAsInt(pieces.get(middle)[0]) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static int countBefore(int[] piece, IntUnaryOperator position) {
    int low = 0;
    int high = piece.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (position.applyAsInt(piece[middle]) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
