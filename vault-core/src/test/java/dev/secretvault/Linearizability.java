package dev.secretvault;

import dev.secretvault.Question.Secret;
import dev.secretvault.Question.Step;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says whether what clients were answered could have come about one call after the other, each at a
 * moment between its beginning and its end: the search of Wing and Gong, with Lowe's memory of
 * where it has been. Names have nothing to do with each other, so each is searched for itself.
 */
final class Linearizability {

  /** The end of a call of which nobody knows what became. */
  static final long OPEN = Long.MAX_VALUE;

  /**
   * One call of a client.
   *
   * @param name of which secret
   * @param answer null if it is not known whether the call did anything
   * @param ended {@link #OPEN} if so, as it may be done at any time then
   */
  record Call(String name, Question question, @Nullable Object answer, long begun, long ended) {}

  /** A place of the search: which calls are behind it, and what is so then. */
  private record Place(BitSet done, @Nullable Secret now) {}

  private final List<Call> calls;
  private final Set<Place> seen = new HashSet<>();

  private Linearizability(List<Call> calls) {
    this.calls = calls.stream().sorted(Comparator.comparingLong(Call::begun)).toList();
  }

  /** The calls of the names that no order explains. */
  static List<Call> unexplained(List<Call> history) {
    Map<String, List<Call>> names =
        history.stream()
            .collect(Collectors.groupingBy(Call::name, TreeMap::new, Collectors.toList()));
    names.values().removeIf(calls -> new Linearizability(calls).isExplained(new BitSet(), null));
    return names.values().stream().flatMap(List::stream).toList();
  }

  private boolean isExplained(BitSet done, @Nullable Secret now) {
    if (!seen.add(new Place((BitSet) done.clone(), now))) {
      return false;
    }
    long firstEnd = OPEN;
    for (int i = done.nextClearBit(0); i < calls.size(); i = done.nextClearBit(i + 1)) {
      firstEnd = Math.min(firstEnd, calls.get(i).ended());
    }
    if (firstEnd == OPEN) {
      return true;
    }
    for (int i = done.nextClearBit(0);
        i < calls.size() && calls.get(i).begun() < firstEnd;
        i = done.nextClearBit(i + 1)) {
      Call call = calls.get(i);
      Step step = call.question().ask(now);
      boolean changes = !Objects.equals(step.next(), now);
      if (call.answer() == null ? !changes : !call.answer().equals(step.answer())) {
        continue;
      }
      done.set(i);
      boolean explained = isExplained(done, step.next());
      done.clear(i);
      if (explained || !changes) {
        return explained; // What changes nothing is never better done later.
      }
    }
    return false;
  }
}
