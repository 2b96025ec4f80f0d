package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What commits wait for, held still by a lock that another connection has. */
@Timeout(60)
class LockingTest {

  private static final RecordKey A = new RecordKey("a");
  private static final RecordKey B = new RecordKey("b");

  private static Change put(RecordKey key, long expected) {
    return Change.put(key, expected, new byte[1]);
  }

  /** A connection that has locked the record A. */
  private static Connection locked(JdbcOptions options, String how) throws SQLException {
    Connection connection = Server.superuser().getConnection();
    connection.setAutoCommit(false);
    connection
        .createStatement()
        .execute("SELECT * FROM " + options.schema + ".secretvault_record WHERE key = 'a' " + how);
    return connection;
  }

  /** B is absent when the commit looks, and there when it gets its lock on A. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void commit_recordRequiredAbsentIsCreatedMeanwhile_conflicts(Mode mode) throws Exception {
    JdbcOptions options = mode.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), options)) {
      store.commit(List.of(put(A, 0)));
      FutureTask<Boolean> commit =
          new FutureTask<>(() -> store.commit(List.of(put(A, 1), Change.require(B, 0))), true);
      try (Connection blocker = locked(options, "FOR UPDATE")) {
        new Thread(commit).start();
        Server.awaitWaiting(options, 1);
        store.commit(List.of(put(B, 0)));
        assertThat(store.read(A).orElseThrow().revision()).isEqualTo(1);
        blocker.rollback();
      }
      ExecutionException conflict = catchThrowableOfType(ExecutionException.class, commit::get);
      assertThat(conflict).hasCauseInstanceOf(RevisionConflictException.class);
      assertThat(store.read(A).orElseThrow().revision()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void commit_recordRequiredByAnother_doesNotWait(Mode mode) throws Exception {
    JdbcOptions options = mode.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), options)) {
      store.commit(List.of(put(A, 0)));
      try (Connection other = locked(options, "FOR SHARE")) {
        store.commit(List.of(Change.require(A, 1), put(B, 0)));
        other.rollback();
      }
      assertThat(store.read(B)).isPresent();
    }
  }

  @Test
  void commit_lockIsNotLetGo_failsAndWritesNothing() throws Exception {
    Duration second = Duration.ofSeconds(1);
    JdbcOptions options = Mode.READ_COMMITTED.newOptions().timeouts(second, second.multipliedBy(9));
    try (JdbcSecretStore store = JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options)) {
      store.commit(List.of(put(A, 0)));
      try (Connection blocker = locked(options, "FOR UPDATE")) {
        StoreException failed =
            catchThrowableOfType(
                StoreException.class, () -> store.commit(List.of(put(A, 1), put(B, 0))));
        assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
        assertThat(failed).hasMessageContaining("55P03");
        blocker.rollback();
      }
      assertThat(store.scan(null, 10)).hasSize(1);
      store.commit(List.of(put(A, 1), put(B, 0)));
    }
  }

  /** Once, and the question what became of it. */
  @Test
  void commit_takesLongerThanItMay_isNotMadeAgain() throws Exception {
    Duration second = Duration.ofSeconds(1);
    JdbcOptions options = Mode.READ_COMMITTED.newOptions().timeouts(second.multipliedBy(9), second);
    FaultySource source = new FaultySource(Mode.READ_COMMITTED.pool());
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      store.commit(List.of(put(A, 0)));
      try (Connection blocker = locked(options, "FOR UPDATE")) {
        source.failAt(Integer.MAX_VALUE, FaultySource.When.BEFORE, false);
        StoreException failed =
            catchThrowableOfType(StoreException.class, () -> store.commit(List.of(put(A, 1))));
        assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
        assertThat(failed).hasMessageContaining("57014");
        assertThat(source.heal()).filteredOn("executeQuery"::equals).hasSize(2);
        blocker.rollback();
      }
    }
  }

  /** What is locked in the end is another row than the one that was seen first. */
  @Test
  void commit_recordIsDeletedAndCreatedMeanwhile_replacesTheNewOne() throws Exception {
    Mode mode = Mode.READ_COMMITTED;
    JdbcOptions options = mode.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), options)) {
      store.commit(List.of(put(A, 0), put(B, 0)));
      store.commit(List.of(Change.delete(B, 1)));
      FutureTask<Boolean> commit =
          new FutureTask<>(() -> store.commit(List.of(put(A, 1), put(B, 0))), true);
      try (Connection blocker = locked(options, "FOR UPDATE")) {
        new Thread(commit).start();
        Server.awaitWaiting(options, 1);
        String update = "UPDATE " + options.schema + ".secretvault_record SET value = ";
        for (String change :
            List.of(
                "NULL, revision = 0 WHERE key = 'a'",
                "'new', revision = 1 WHERE key = 'a'",
                "'new', revision = 1 WHERE key = 'b'",
                "NULL, revision = 0 WHERE key = 'b'")) {
          blocker.createStatement().execute(update + change);
        }
        blocker.commit();
      }
      assertThat(commit.get()).isTrue();
      assertThat(store.read(A).orElseThrow().revision()).isEqualTo(2);
      assertThat(store.read(A).orElseThrow().bytes()).isEqualTo(new byte[1]);
      assertThat(store.read(B).orElseThrow().revision()).isEqualTo(1);
    }
  }

  private static List<String> log(String what, JdbcOptions options) {
    return Server.query("SELECT " + what + " FROM " + options.schema + ".secretvault_log");
  }

  /** The row says that B is absent, which others go on to require. */
  @Test
  void trim_rowOfAbsenceIsInUse_staysAndGoesLater() throws Exception {
    JdbcOptions options = Mode.READ_COMMITTED.newOptions();
    String row = "SELECT key FROM " + options.schema + ".secretvault_record WHERE revision = 0";
    try (JdbcSecretStore store = JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options)) {
      store.commit(List.of(put(A, 0), Change.require(B, 0)));
      int revision = 1;
      try (Connection other = Server.superuser().getConnection()) {
        other.setAutoCommit(false);
        other.createStatement().execute(row + " FOR SHARE");
        for (; revision < 320; revision++) {
          store.commit(List.of(put(A, revision)));
        }
        assertThat(Server.query(row)).containsExactly("b");
        assertThat(log("step", options)).contains("1").doesNotContain("2");
        other.rollback();
      }
      for (; revision < 384; revision++) {
        store.commit(List.of(put(A, revision)));
      }
      assertThat(Server.query(row)).isEmpty();
      assertThat(log("step", options)).doesNotContain("1");
    }
  }

  /** The race is lost, and nothing of the stream. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void commit_recordIsCreatedMeanwhile_staysWithItsStream(Mode mode) throws Exception {
    JdbcOptions options = mode.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), options);
        Connection other = Server.superuser().getConnection()) {
      store.commit(List.of(put(A, 0)));
      other.setAutoCommit(false);
      other
          .createStatement()
          .execute(
              "INSERT INTO "
                  + options.schema
                  + ".secretvault_record (key, revision, stream, step) VALUES ('b', 0, 1, 1)");
      FutureTask<Boolean> commit =
          new FutureTask<>(() -> store.commit(List.of(put(A, 1), put(B, 0))), true);
      new Thread(commit).start();
      Server.awaitWaiting(options, 1);
      other.commit();
      assertThat(commit.get()).isTrue();
    }
    assertThat(log("DISTINCT stream", options)).hasSize(1);
  }

  /** Without a row of it, all of them race to make the one that says that there is none. */
  @Test
  void commit_manyRequireTheSameToBeAbsent_leaveAsManyStreams() throws Exception {
    int threads = 8;
    JdbcOptions options = Mode.READ_COMMITTED.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options)) {
      List<FutureTask<Boolean>> all = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        RecordKey key = new RecordKey("key." + thread);
        all.add(
            new FutureTask<>(
                () -> {
                  for (int i = 0; i < 400; i++) {
                    store.commit(List.of(put(key, i), Change.require(B, 0)));
                  }
                },
                true));
        new Thread(all.get(thread)).start();
      }
      for (FutureTask<Boolean> one : all) {
        one.get();
      }
    }
    assertThat(log("DISTINCT stream", options)).hasSizeLessThanOrEqualTo(threads);
    assertThat(log("step", options)).hasSizeLessThan(threads * 320);
  }
}
