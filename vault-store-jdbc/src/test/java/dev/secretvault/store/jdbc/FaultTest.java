package dev.secretvault.store.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.jdbc.FaultySource.When;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The connection is lost at each call of a commit, and what the store says of it is true. */
@Timeout(60)
@ParameterizedClass
@EnumSource(
    value = Mode.class,
    names = {"READ_COMMITTED", "PORTABLE"})
class FaultTest {

  @Parameter private Mode mode;

  /** What became of a commit. */
  private record Told(@Nullable Outcome outcome, boolean happened) {}

  @Test
  void commit_connectionIsLostOnce_happensOrIsKnownNotTo() {
    FaultySource source = new FaultySource(mode.pool());
    try (JdbcSecretStore store = JdbcSecretStore.open(source, mode.newOptions())) {
      for (When when : When.values()) {
        List<Told> all = new ArrayList<>();
        int calls = attempts(store, source, when, false, all);
        assertThat(calls).as("calls of a commit").isGreaterThan(3);
        // The first is the call for a connection.
        assertThat(all.get(0)).isEqualTo(new Told(Outcome.NOT_WRITTEN, false));
        assertThat(all.subList(1, all.size()))
            .allSatisfy(told -> assertThat(told).isEqualTo(new Told(null, true)));
      }
    }
    assertThat(source.connectionsOpen()).as("connections kept").isZero();
  }

  @Test
  void commit_databaseIsGoneFromACallOn_outcomeIsTrue() {
    FaultySource source = new FaultySource(mode.pool());
    JdbcOptions options = mode.newOptions().timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1));
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      List<Told> all = new ArrayList<>();
      attempts(store, source, When.AFTER, true, all);
      attempts(store, source, When.BEFORE, true, all);
      assertThat(all)
          .contains(
              new Told(Outcome.NOT_WRITTEN, false),
              new Told(Outcome.UNKNOWN, true),
              new Told(Outcome.UNKNOWN, false),
              new Told(null, true))
          .doesNotContain(new Told(Outcome.NOT_WRITTEN, true), new Told(null, false));
    }
    assertThat(source.connectionsOpen()).as("connections kept").isZero();
  }

  /** Lets one call after the other fail, until a commit makes fewer; returns how many it makes. */
  private int attempts(
      JdbcSecretStore store, FaultySource source, When when, boolean lasting, List<Told> all) {
    for (int n = 1; ; n++) {
      String name = when + "." + n;
      RecordKey replaced = new RecordKey(name + ".replaced");
      RecordKey deleted = new RecordKey(name + ".deleted");
      store.commit(List.of(put(replaced, 0, "old"), put(deleted, 0, "old")));
      RecordKey created = new RecordKey(name + ".created");
      List<Change> changes =
          List.of(
              put(created, 0, "new"),
              Change.require(new RecordKey(name + ".absent"), 0),
              put(replaced, 1, "new"),
              Change.delete(deleted, 1));
      source.failAt(n, when, lasting);
      Outcome outcome = null;
      try {
        store.commit(changes);
      } catch (StoreException failed) {
        outcome = failed.outcome();
        assertThat(failed.retryable()).isTrue();
      }
      int calls = source.heal().size();
      boolean happened = store.read(created).isPresent();
      assertThat(store.read(deleted).isEmpty()).as("all of it or nothing").isEqualTo(happened);
      StoredRecord record = store.read(replaced).orElseThrow();
      assertThat(record.revision()).isEqualTo(happened ? 2 : 1);
      assertThat(new String(record.bytes(), UTF_8)).isEqualTo(happened ? "new" : "old");
      all.add(new Told(outcome, happened));
      if (calls < n) {
        return calls;
      }
    }
  }

  private static Change put(RecordKey key, long expected, String text) {
    return Change.put(key, expected, text.getBytes(UTF_8));
  }

  /** The server goes on with a commit whose client has given it up, and must not finish it. */
  @Test
  void commit_isLostWhileItWaitsForALock_happensOnce() throws Exception {
    JdbcOptions options = mode.newOptions();
    FaultySource source = new FaultySource(mode.pool());
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options);
        Connection blocker = Server.superuser().getConnection();
        Statement lock = blocker.createStatement()) {
      RecordKey key = new RecordKey("key");
      store.commit(List.of(put(key, 0, "old")));
      blocker.setAutoCommit(false);
      lock.execute("SELECT * FROM " + options.schema + ".secretvault_record FOR UPDATE");
      FutureTask<Boolean> commit =
          new FutureTask<>(() -> store.commit(List.of(put(key, 1, "new"))), true);
      new Thread(commit).start();
      Server.awaitWaiting(options, 1);
      source.abortAll();
      Server.awaitWaiting(options, 2);
      blocker.rollback();
      assertThat(commit.get()).isTrue();
      assertThat(store.read(key).orElseThrow().revision()).isEqualTo(2);
    }
  }

  /** The server holds on to a commit whose caller was told that it has not happened. */
  @Test
  void commit_isGivenUpAndManyFollow_doesNotComeLater() throws Exception {
    JdbcOptions options = mode.newOptions().timeouts(Duration.ofSeconds(20), Duration.ofSeconds(1));
    FaultySource source = new FaultySource(mode.pool());
    String active =
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"
            + options.schema
            + ".%'";
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options);
        Connection blocker = Server.superuser().getConnection();
        Statement lock = blocker.createStatement()) {
      RecordKey key = new RecordKey("key");
      store.commit(List.of(put(key, 0, "old")));
      blocker.setAutoCommit(false);
      lock.execute("SELECT * FROM " + options.schema + ".secretvault_record FOR UPDATE");
      FutureTask<StoreException> commit =
          new FutureTask<>(
              () ->
                  catchThrowableOfType(
                      StoreException.class, () -> store.commit(List.of(put(key, 1, "late")))));
      new Thread(commit).start();
      Server.awaitWaiting(options, 1);
      String orphan = Server.query(active).get(0);
      source.abortAll();
      assertThat(commit.get().outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      for (int i = 0; i < 330; i++) {
        store.commit(List.of(put(new RecordKey("other"), i, "new")));
      }
      assertThat(Server.query(active)).containsExactly(orphan);
      blocker.rollback();
      while (!Server.query("SELECT pid FROM pg_stat_activity WHERE pid = " + orphan).isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(store.read(key).orElseThrow().revision()).isEqualTo(1);
    }
  }

  /** As where its log has no room, and the commit was in what was written before. */
  @Test
  void commit_serverEndsForWantOfRoom_happensOrIsKnownNotTo() {
    FaultySource source = new FaultySource(mode.pool());
    source.blame("53100");
    try (JdbcSecretStore store = JdbcSecretStore.open(source, mode.newOptions())) {
      List<Told> all = new ArrayList<>();
      int calls = attempts(store, source, When.AFTER, false, all);
      assertThat(calls).isGreaterThan(3);
      assertThat(all)
          .contains(new Told(null, true))
          .allMatch(told -> told.outcome() == (told.happened() ? null : Outcome.NOT_WRITTEN));
    }
  }

  /** Whom to ask what became of it would be refused as well. */
  @Test
  void commit_diskIsFull_isNotWritten() {
    JdbcOptions options = mode.newOptions();
    FaultySource source = new FaultySource(mode.pool());
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      Server.execute(
          """
          CREATE FUNCTION %1$s.refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '53100'; END $$;
          CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON %1$s.secretvault_log
            FOR EACH ROW EXECUTE FUNCTION %1$s.refuse();
          """
              .formatted(options.schema));
      source.failAt(Integer.MAX_VALUE, When.BEFORE, false);
      StoreException failed =
          catchThrowableOfType(
              StoreException.class,
              () -> store.commit(List.of(put(new RecordKey("key"), 0, "new"))));
      assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      assertThat(failed).hasMessageContaining("53100");
      assertThat(failed.retryable()).isTrue();
      assertThat(source.heal()).filteredOn("getConnection"::equals).hasSize(1);
    }
  }

  /** What the server says of a page whose checksum is wrong, or an index that leads nowhere. */
  @Test
  void anyCall_databaseIsDamaged_saysSoAtOnce() {
    JdbcOptions options = mode.newOptions();
    FaultySource source = new FaultySource(mode.pool());
    RecordKey key = new RecordKey("key");
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      store.commit(List.of(new Change.Put(key, 0, new byte[1], Instant.EPOCH)));
      Server.execute(
          """
          CREATE FUNCTION %1$s.damage(state text) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = state; END $$;
          ALTER TABLE %1$s.secretvault_record RENAME TO sound;
          """
              .formatted(options.schema));
      for (String state : List.of("XX001", "XX002")) {
        Server.execute(
            "CREATE OR REPLACE VIEW %1$s.secretvault_record AS SELECT * FROM %1$s.sound WHERE %1$s.damage('%2$s')"
                .formatted(options.schema, state));
        List<ThrowingCallable> calls =
            List.of(
                () -> store.read(key),
                () -> store.scan(null, 1),
                () -> store.expired(Instant.MAX, 1),
                () -> store.commit(List.of(put(key, 1, "new"))));
        for (ThrowingCallable call : calls) {
          source.failAt(Integer.MAX_VALUE, When.BEFORE, false);
          assertThatThrownBy(call)
              .isInstanceOf(StoreCorruptException.class)
              .hasMessageContaining(state);
          assertThat(source.heal())
              .filteredOn("getConnection"::equals)
              .as("attempts, and the question what became of it")
              .hasSizeLessThanOrEqualTo(2);
        }
      }
    }
  }
}
