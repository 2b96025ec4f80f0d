package dev.secretvault.store.jdbc;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore.Subscription;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoreListeners;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells listeners of commits, those of one record in their order.
 *
 * <p>Of each stream it knows the last step that was told of. A commit of this store is told of at
 * once, unless it stands on one that was not told of yet: then the log is looked at, which names
 * both. What one look finds is told of in one report, as it does not tell the order among streams.
 */
final class Announcer {

  private final Sessions sessions;
  private final Tables tables;
  private final StoreListeners listeners = new StoreListeners();
  private final ReentrantLock telling = new ReentrantLock();
  private final Map<Long, Long> told = new HashMap<>();
  private volatile boolean watched;

  Announcer(Sessions sessions, Tables tables) {
    this.sessions = sessions;
    this.tables = tables;
  }

  Subscription add(StoreListener listener) throws SQLException {
    telling.lock();
    try {
      if (!watched) {
        sessions.use(this::begin);
        watched = true;
      }
      return listeners.add(listener);
    } finally {
      telling.unlock();
    }
  }

  /** Takes what is in the log by now as told. */
  private boolean begin(Connection connection) throws SQLException {
    try (PreparedStatement latest = sessions.prepare(connection, tables.latest);
        ResultSet rows = latest.executeQuery()) {
      while (rows.next()) {
        told.put(rows.getLong(1), rows.getLong(2));
      }
    }
    return true;
  }

  /** Tells of a commit of this store, and of what came before it. */
  void tell(Batch batch, Commits.Done done) {
    if (!watched) {
      return;
    }
    telling.lock();
    try {
      if (isTold(done.position())) {
        return;
      }
      if (done.before() != null && done.before().stream().allMatch(this::isTold)) {
        advance(done.position());
        listeners.changed(batch.written);
      } else {
        lookBefore(batch, done);
      }
    } finally {
      telling.unlock();
    }
  }

  private void lookBefore(Batch batch, Commits.Done done) {
    try {
      sessions.use(this::look);
    } catch (SQLException cannotTell) {
      listeners.missed();
    }
    if (!isTold(done.position())) {
      advance(done.position());
      listeners.changed(batch.written);
    }
    // What the log does not have is so old that it was there before anybody watched.
    if (done.before() != null) {
      done.before().forEach(this::advance);
    }
  }

  private boolean isTold(Position position) {
    Long last = told.get(position.stream());
    return last != null && last >= position.step();
  }

  private void advance(Position position) {
    told.merge(position.stream(), position.step(), Math::max);
  }

  /** Tells of all commits in the log that were not told of. */
  boolean look(Connection connection) throws SQLException {
    telling.lock();
    try {
      Set<RecordKey> keys = new HashSet<>();
      List<Position> found = new ArrayList<>();
      try (PreparedStatement news = sessions.prepare(connection, tables.news)) {
        List<Map.Entry<Long, Long>> known = List.copyOf(told.entrySet());
        news.setArray(1, array(connection, known.stream().map(Map.Entry::getKey).toArray()));
        news.setArray(2, array(connection, known.stream().map(Map.Entry::getValue).toArray()));
        try (ResultSet rows = news.executeQuery()) {
          while (rows.next()) {
            found.add(new Position(rows.getLong(1), rows.getLong(2)));
            addKeys(rows, keys);
          }
        }
      }
      boolean complete = true;
      for (Position position : found) {
        complete &= told.getOrDefault(position.stream(), 0L) + 1 == position.step();
        advance(position);
      }
      if (!complete) {
        listeners.missed();
      }
      listeners.changed(keys);
      return true;
    } finally {
      telling.unlock();
    }
  }

  private static Array array(Connection connection, Object[] numbers) throws SQLException {
    return connection.createArrayOf("bigint", numbers);
  }

  private static void addKeys(ResultSet row, Set<RecordKey> keys) throws SQLException {
    Array array = row.getArray(3);
    if (array != null) {
      Arrays.stream((String[]) array.getArray()).map(RecordKey::new).forEach(keys::add);
    }
  }

  /** Tells that anything may have changed. */
  void missed() {
    telling.lock();
    try {
      listeners.missed();
    } finally {
      telling.unlock();
    }
  }

  void close() {
    listeners.close();
  }
}
