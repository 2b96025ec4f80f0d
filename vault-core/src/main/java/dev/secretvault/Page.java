package dev.secretvault;

import java.util.List;
import java.util.Optional;

/**
 * Some of a list, and where to go on.
 *
 * @param items this page's part, unmodifiable; may be empty although a page follows
 * @param next the cursor for {@link ListQuery#after}; empty if this is the last page
 * @param <T> the type of the items
 */
public record Page<T>(List<T> items, Optional<String> next) {
  /** Copies the items. */
  public Page {
    items = List.copyOf(items);
  }
}
