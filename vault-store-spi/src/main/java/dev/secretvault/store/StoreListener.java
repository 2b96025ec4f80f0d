package dev.secretvault.store;

import java.util.Set;

/**
 * Is told which records a store changed.
 *
 * <p>Called by a thread of the store's choice, possibly that of a committer, one call at a time for
 * each listener. An implementation returns quickly and does not call the store. What it throws is
 * caught, and harms neither the commit nor other listeners.
 */
public interface StoreListener {

  /**
   * These records were put or deleted. May name a record although it has not changed, never the
   * other way round.
   *
   * @param keys at least one key, unmodifiable
   */
  void changed(Set<RecordKey> keys);

  /**
   * Reports may have been missed, for example while a connection was down: anything may have
   * changed. Whatever was remembered from before this call is to be read again.
   */
  void missed();
}
