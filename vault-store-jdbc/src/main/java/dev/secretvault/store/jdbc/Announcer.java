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
import java.util.stream.Collectors;

/**
 * Tells listeners of commits, those of one record in their order.
 *
 * <p>Of each stream it knows the last step that was told of. A commit of this store is told of at
 * once, unless it stands on one that was not told of yet: then the log is looked at, which names
 * both. What one look finds is told of in one report, as it does not tell the order among streams.
 *
 * <p>The database is never asked under the lock: whoever waits for an answer keeps nobody from
 * telling. What two looks find at once is told of by the one that comes first; the other one finds
 * no less than that, or nothing new.
 */
final class Announcer {

  /** How many commits are told of by name after one look. */
  static final int MOST = 10_000;

  /** What the log says of one commit. */
  private record Step(Position position, Set<RecordKey> keys) {}

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
    if (!watched) {
      begin(Sessions.again(() -> sessions.use(this::latest)));
    }
    return listeners.add(listener);
  }

  /** The last step of each stream. */
  private Map<Long, Long> latest(Connection connection) throws SQLException {
    Map<Long, Long> steps = new HashMap<>();
    try (PreparedStatement latest = sessions.prepare(connection, tables.latest);
        ResultSet rows = latest.executeQuery()) {
      while (rows.next()) {
        steps.put(rows.getLong(1), rows.getLong(2));
      }
    }
    return steps;
  }

  /** Takes what was in the log as told. */
  private void begin(Map<Long, Long> latest) {
    telling.lock();
    try {
      if (!watched) {
        told.putAll(latest);
        watched = true;
      }
    } finally {
      telling.unlock();
    }
  }

  /** Tells of a commit of this store, and of what came before it. */
  void tell(Batch batch, Commits.Done done) {
    if (!watched || tellAtOnce(batch, done)) {
      return;
    }
    try {
      sessions.look(this::look);
    } catch (SQLException | RuntimeException cannotTell) {
      listeners.missed();
    }
    telling.lock();
    try {
      if (!isTold(done.position())) {
        advance(done.position());
        listeners.changed(batch.written);
      }
      // What the log does not have is so old that it was there before anybody watched.
      if (done.before() != null) {
        done.before().forEach(this::advance);
      }
    } finally {
      telling.unlock();
    }
  }

  private boolean tellAtOnce(Batch batch, Commits.Done done) {
    telling.lock();
    try {
      if (isTold(done.position())) {
        return true;
      }
      // The step before may be so old that it was forgotten.
      if (done.before() == null
          || !isTold(done.position().previous())
          || !done.before().stream().allMatch(this::isTold)) {
        return false;
      }
      advance(done.position());
      listeners.changed(batch.written);
      return true;
    } finally {
      telling.unlock();
    }
  }

  private boolean isTold(Position position) {
    return told.getOrDefault(position.stream(), 0L) >= position.step();
  }

  private void advance(Position position) {
    told.merge(position.stream(), position.step(), Math::max);
  }

  /** Tells of all commits in the log that were not told of. */
  boolean look(Connection connection) throws SQLException {
    List<Step> news = news(connection);
    if (news.size() > MOST) {
      skip(latest(connection));
    } else {
      tell(news);
    }
    return true;
  }

  /** Has the log forget the streams that were not used for a day, and forgets them. */
  boolean tidy(Connection connection) throws SQLException {
    for (String sql : List.of(tables.expire, tables.expireLog)) {
      try (PreparedStatement expire = sessions.prepare(connection, sql)) {
        expire.executeUpdate();
      }
    }
    List<Map.Entry<Long, Long>> known = known();
    Set<Long> logged = latest(connection).keySet();
    telling.lock();
    try {
      known.stream()
          .filter(last -> !logged.contains(last.getKey()))
          .forEach(last -> told.remove(last.getKey(), last.getValue()));
    } finally {
      telling.unlock();
    }
    return true;
  }

  /** Tells of so many that they are not worth their names. */
  private void skip(Map<Long, Long> latest) {
    telling.lock();
    try {
      latest.forEach((stream, step) -> advance(new Position(stream, step)));
      listeners.missed();
    } finally {
      telling.unlock();
    }
  }

  private List<Step> news(Connection connection) throws SQLException {
    List<Map.Entry<Long, Long>> known = known();
    List<Step> steps = new ArrayList<>();
    try (PreparedStatement news = sessions.prepare(connection, tables.news)) {
      news.setArray(1, array(connection, known.stream().map(Map.Entry::getKey).toArray()));
      news.setArray(2, array(connection, known.stream().map(Map.Entry::getValue).toArray()));
      try (ResultSet rows = news.executeQuery()) {
        while (rows.next()) {
          if (rows.getBoolean(4)) {
            throw SqlStates.standby();
          }
          if (rows.getObject(1) != null) {
            steps.add(step(rows));
          }
        }
      }
    }
    return steps;
  }

  private List<Map.Entry<Long, Long>> known() {
    telling.lock();
    try {
      return List.copyOf(Map.copyOf(told).entrySet());
    } finally {
      telling.unlock();
    }
  }

  private void tell(List<Step> news) {
    telling.lock();
    try {
      Set<RecordKey> keys = new HashSet<>();
      boolean complete = true;
      for (Step step : news) {
        if (!isTold(step.position())) {
          complete &= isTold(step.position().previous());
          advance(step.position());
          keys.addAll(step.keys());
        }
      }
      if (!complete) {
        listeners.missed();
      }
      listeners.changed(keys);
    } finally {
      telling.unlock();
    }
  }

  private static Array array(Connection connection, Object[] numbers) throws SQLException {
    return connection.createArrayOf("bigint", numbers);
  }

  private static Step step(ResultSet row) throws SQLException {
    Array array = row.getArray(3);
    Set<RecordKey> keys =
        array == null
            ? Set.of()
            : Arrays.stream((String[]) array.getArray())
                .map(RecordKey::new)
                .collect(Collectors.toUnmodifiableSet());
    return new Step(new Position(row.getLong(1), row.getLong(2)), keys);
  }

  /** Tells that anything may have changed. */
  void missed() {
    listeners.missed();
  }

  void close() {
    listeners.close();
  }
}
