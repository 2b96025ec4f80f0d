package dev.secretvault.store.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoreListeners;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Filter;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reports of what others commit, while the way to the database is as ways are. */
@Timeout(60)
class WatcherTest {

  private final DataSource pool = Mode.READ_COMMITTED.pool();
  private final JdbcOptions options = Mode.READ_COMMITTED.newOptions();
  private final Heard heard = new Heard();

  private static List<Change> put(String key, long expected) {
    return List.of(Change.put(new RecordKey(key), expected, "value".getBytes(UTF_8)));
  }

  private static boolean isWatcher() {
    return Thread.currentThread().getName().equals("secretvault-store-jdbc");
  }

  /** That all is well shows in a round in which nothing is said to be missed. */
  @Test
  void watch_allIsWell_reportsByName() throws InterruptedException {
    try (JdbcSecretStore here = JdbcSecretStore.open(pool, options);
        JdbcSecretStore there = JdbcSecretStore.open(pool, options)) {
      here.watch(heard);
      int missed;
      int round = 0;
      do {
        missed = heard.missedSoFar();
        for (int i = 0; i < 5; i++) {
          RecordKey key = new RecordKey("key." + round + "." + i);
          there.commit(put(key.text(), 0));
          heard.awaitChanged(key);
        }
        round++;
      } while (heard.missedSoFar() > missed);
    }
  }

  @Test
  void watch_watchersConnectionIsDead_saysMissedAgainAndAgain() throws Exception {
    try (Wire wire = new Wire()) {
      DataSource mixed =
          Sources.of(
              () ->
                  isWatcher()
                      ? Sources.patient(wire.source().getConnection())
                      : pool.getConnection());
      JdbcSecretStore here = JdbcSecretStore.open(mixed, options);
      try (JdbcSecretStore there = JdbcSecretStore.open(pool, options)) {
        here.watch(heard);
        there.commit(put("before", 0));
        heard.awaitChanged(new RecordKey("before"));
        wire.cut();
        int missed = heard.missedSoFar();
        there.commit(put("after", 0));
        heard.awaitMissed(missed + 3);
        assertThat(heard.changedSoFar()).doesNotContain(new RecordKey("after"));
      } finally {
        wire.end();
        here.close();
      }
    }
  }

  /** A commit has to look for what it stands on, and gets no answer. */
  @Test
  void watch_commitCannotTell_saysMissedMeanwhile() throws Exception {
    try (Wire wire = new Wire()) {
      AtomicInteger lent = new AtomicInteger(Integer.MIN_VALUE);
      DataSource mixed =
          Sources.of(
              () ->
                  isWatcher() || lent.incrementAndGet() > 1
                      ? Sources.patient(wire.source().getConnection())
                      : pool.getConnection());
      JdbcSecretStore here = JdbcSecretStore.open(mixed, options);
      try (JdbcSecretStore there = JdbcSecretStore.open(pool, options)) {
        here.watch(heard);
        wire.cut();
        there.commit(put("key", 0));
        lent.set(0);
        FutureTask<Void> commit = new FutureTask<>(() -> here.commit(put("key", 1)), null);
        new Thread(commit).start();
        while (there.read(new RecordKey("key")).orElseThrow().revision() == 1) {
          Thread.onSpinWait();
        }
        heard.awaitMissed(heard.missedSoFar() + 3);
        assertThat(commit.isDone()).as("the commit has its answer").isFalse();
        wire.end();
        commit.get();
      } finally {
        wire.end();
        here.close();
      }
    }
  }

  @Test
  void watch_listenerLeavesTheInterruptFlagSet_reportsGoOn() throws InterruptedException {
    StoreListener rude =
        new StoreListener() {
          @Override
          public void changed(Set<RecordKey> keys) {
            heard.changed(keys);
            Thread.currentThread().interrupt();
          }

          @Override
          public void missed() {
            heard.missed();
            Thread.currentThread().interrupt();
          }
        };
    try (JdbcSecretStore here = JdbcSecretStore.open(pool, options);
        JdbcSecretStore there = JdbcSecretStore.open(pool, options)) {
      here.watch(rude);
      for (int i = 0; i < 5; i++) {
        RecordKey key = new RecordKey("key." + i);
        there.commit(put(key.text(), 0));
        heard.awaitChanged(key);
      }
    }
  }

  /** As when there is no memory left: it happens where nothing is isolated any more. */
  @Test
  void watch_sayingMissedFails_isSaidLater() throws InterruptedException {
    DataSource broken =
        Sources.of(
            () -> {
              if (isWatcher()) {
                throw new SQLException("on purpose", "08001");
              }
              return pool.getConnection();
            });
    AtomicBoolean failed = new AtomicBoolean();
    Filter failing =
        said -> {
          if (isWatcher() && failed.compareAndSet(false, true)) {
            throw new OutOfMemoryError("on purpose");
          }
          return false;
        };
    Logger logger = Logger.getLogger(StoreListeners.class.getName());
    logger.setFilter(failing);
    try (JdbcSecretStore store = JdbcSecretStore.open(broken, options)) {
      store.watch(
          new NoListener() {
            @Override
            public void missed() {
              throw new IllegalStateException("on purpose");
            }
          });
      store.watch(heard);
      heard.awaitMissed(1);
      assertThat(failed).isTrue();
    } finally {
      logger.setFilter(null);
    }
  }

  @Test
  void watch_looksFail_nobodyElseGetsAConnectionThatListens() throws Exception {
    try (HikariDataSource own = Server.smallPool(2)) {
      JdbcSecretStore store = JdbcSecretStore.open(own, options);
      try {
        store.watch(heard);
        heard.awaitMissed(breakLog());
      } finally {
        store.close();
      }
      List<Connection> all = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        all.add(own.getConnection());
      }
      for (Connection connection : all) {
        try (connection;
            Statement statement = connection.createStatement();
            ResultSet channels = statement.executeQuery("SELECT pg_listening_channels()")) {
          assertThat(channels.next()).as("listens").isFalse();
        }
      }
    }
  }

  /** Returns how often it is to be missed. */
  private int breakLog() {
    Server.execute("ALTER TABLE " + options.schema + ".secretvault_log RENAME TO gone");
    return heard.missedSoFar() + 2;
  }

  @Test
  void watch_poolOfTwo_isEnough() throws InterruptedException {
    try (HikariDataSource own = Server.smallPool(2);
        JdbcSecretStore here = JdbcSecretStore.open(own, options);
        JdbcSecretStore there = JdbcSecretStore.open(pool, options)) {
      here.watch(heard);
      there.commit(put("key", 0));
      here.commit(put("key", 1));
      assertThat(here.read(new RecordKey("key")).orElseThrow().revision()).isEqualTo(2);
      heard.awaitNews(new RecordKey("key"), 0);
    }
  }

  /** Without NOTIFY these would wait for an hour. */
  @Test
  void bell_isRungElsewhere_doesNotWait() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    NotifyBell here = new NotifyBell("test_channel", TimeUnit.HOURS.toNanos(1));
    NotifyBell there = new NotifyBell("test_channel", TimeUnit.HOURS.toNanos(1));
    try (Connection listening = pool.getConnection();
        Connection sending = pool.getConnection()) {
      here.install(listening);
      there.install(sending);
      FutureTask<Void> ringing =
          new FutureTask<>(
              () -> {
                there.ring();
                there.await(stopped);
                return null;
              });
      new Thread(ringing).start();
      here.await(stopped);
      stopped.countDown();
      ringing.get();
      here.remove(listening);
      there.remove(sending);
    }
  }

  /** What a thread has committed and not told of yet is told of, whoever is faster. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void tell_stepBeforeIsNotTold_isToldToo(Mode mode) throws SQLException {
    List<Set<RecordKey>> reports =
        tellLastFirst(mode, true, List.of(put("first", 0), put("second", 0)));
    assertThat(reports).containsExactly(Set.of(new RecordKey("first"), new RecordKey("second")));
  }

  /** It stands on the deletion, which leaves nothing that could be read. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void tell_createdAgainBeforeTheDeletionIsTold_isNotToldFirst(Mode mode) throws SQLException {
    RecordKey key = new RecordKey("key");
    List<Set<RecordKey>> reports =
        tellLastFirst(
            mode,
            false,
            List.of(
                put("key", 0),
                List.of(Change.delete(key, 1), put("other", 0).get(0)),
                put("key", 0)));
    assertThat(reports).containsExactly(Set.of(key), Set.of(key, new RecordKey("other")));
  }

  /** All commits but the last two are told of in order, and the last one before the one before. */
  private static List<Set<RecordKey>> tellLastFirst(
      Mode mode, boolean sameStream, List<List<Change>> all) throws SQLException {
    JdbcOptions options = mode.newOptions();
    JdbcSecretStore.open(mode.pool(), options).close();
    Tables tables = new Tables(options);
    Sessions sessions = new Sessions(mode.pool(), options.statementTimeout);
    Writer writer =
        mode == Mode.PORTABLE
            ? new TransactionWriter(sessions, tables)
            : new StatementWriter(sessions, tables, options.lockTimeout);
    Announcer announcer = new Announcer(sessions, tables);
    List<Set<RecordKey>> reports = new ArrayList<>();
    announcer.add(
        new StoreListener() {
          @Override
          public void changed(Set<RecordKey> keys) {
            reports.add(keys);
          }

          @Override
          public void missed() {
            reports.add(Set.of());
          }
        });
    Commits here = new Commits(sessions, tables, writer, options.statementTimeout);
    Commits there = new Commits(sessions, tables, writer, options.statementTimeout);
    List<Batch> batches = all.stream().map(Batch::new).toList();
    int last = batches.size() - 1;
    for (Batch batch : batches.subList(0, last - 1)) {
      announcer.tell(batch, here.commit(batch));
    }
    Commits.Done before = there.commit(batches.get(last - 1));
    there.release(before);
    Commits.Done done = (sameStream ? there : here).commit(batches.get(last));
    announcer.tell(batches.get(last), done);
    announcer.tell(batches.get(last - 1), before);
    return reports;
  }
}
