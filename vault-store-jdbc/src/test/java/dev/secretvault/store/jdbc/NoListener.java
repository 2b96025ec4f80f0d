package dev.secretvault.store.jdbc;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import java.util.Set;

/** Hears nothing. */
class NoListener implements StoreListener {
  @Override
  public void changed(Set<RecordKey> keys) {}

  @Override
  public void missed() {}
}
