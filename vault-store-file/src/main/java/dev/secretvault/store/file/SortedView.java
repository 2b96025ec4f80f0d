package dev.secretvault.store.file;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntBinaryOperator;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Some entries in some order, which is made when it is first asked for, and kept up to date from
 * then on: whoever opens a store to look things up does not wait for it.
 *
 * <p>Sorting takes a while, in which entries come and go. They are noted, and entered in the end.
 */
final class SortedView {

  private final Entries entries;
  private final Function<Entries, IntBinaryOperator> order;
  private final IntPredicate members;
  private volatile @Nullable Order sorted;

  /** What happened since the places were listed that are being sorted. */
  private @Nullable List<Consumer<Order>> missed;

  /**
   * A view that is not sorted yet.
   *
   * @param order compares places of entries
   * @param members tells which entries are in the view
   */
  SortedView(Entries entries, Function<Entries, IntBinaryOperator> order, IntPredicate members) {
    this.entries = entries;
    this.order = order;
    this.members = members;
  }

  boolean isSorted() {
    return sorted != null;
  }

  /** Whether it is being sorted, so that removed entries must be kept for comparison. */
  boolean isBeingSorted() {
    return missed != null;
  }

  /** Lists what is to be sorted, and notes from now on what changes. */
  Sorting begin() {
    IntStream.Builder places = IntStream.builder();
    entries.forEach(
        place -> {
          if (members.test(place)) {
            places.add(place);
          }
        });
    missed = new ArrayList<>();
    return new Sorting(places.build().toArray(), order.apply(entries.frozen()));
  }

  /** What can be done while entries come and go. Carries an array; never compared. */
  @SuppressWarnings("ArrayRecordComponent") // Handed over and taken apart at once.
  record Sorting(int[] places, IntBinaryOperator order) {
    Order run() {
      return new Order(places, order);
    }
  }

  /** Ends what {@link #begin} began; with nothing if it failed. */
  void finish(@Nullable Order made) {
    List<Consumer<Order>> changes = missed;
    missed = null;
    if (made != null && changes != null) {
      changes.forEach(change -> change.accept(made));
      sorted = made;
    }
  }

  /** Takes in an entry that was added. */
  void add(int place) {
    change(place, made -> made.add(place, order.apply(entries)));
  }

  /** Lets go of an entry that is removed. */
  void remove(int place) {
    change(place, made -> made.remove(place, order.apply(entries)));
  }

  private void change(int place, Consumer<Order> change) {
    Order made = sorted;
    List<Consumer<Order>> notes = missed;
    if (made == null && notes == null) {
      return;
    }
    if (members.test(place)) {
      if (made != null) {
        change.accept(made);
      } else if (notes != null) {
        notes.add(change);
      }
    }
  }

  /** As {@link Order#walk}; only once it is sorted. */
  void walk(IntUnaryOperator position, IntPredicate taker) {
    Order made = sorted;
    if (made == null) {
      throw new IllegalStateException("not sorted yet");
    }
    made.walk(position, taker);
  }
}
