package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UserIdBulkTest {

  private VaultFixture fixture;
  private SecretVault vault;
  private SecretId id;
  private UserIdAuthenticator users;

  @BeforeEach
  void open() {
    fixture = VaultFixture.inMemory();
    vault = fixture.vault;
    id = VaultFixture.create(vault, "secret");
    users = vault.userIds(id);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static Stream<String> userIds(int count) {
    return IntStream.range(0, count).mapToObj(i -> "user-" + i);
  }

  @Test
  void signAll_anyNumber_isInOrderAndInTheCallingThread() {
    for (int count : new int[] {0, 1, InOrder.BLOCK, InOrder.BLOCK + 1, 20 * InOrder.BLOCK + 7}) {
      List<String> signed = new ArrayList<>();
      Thread caller = Thread.currentThread();
      long answer =
          users.signAll(
              userIds(count),
              token -> {
                assertThat(Thread.currentThread()).isSameAs(caller);
                assertThat(token.userId()).isEqualTo("user-" + signed.size());
                signed.add(token.digest().hex());
              });
      assertThat(answer).isEqualTo(count).isEqualTo(signed.size());
      for (int i = 0; i < count; i += 997) {
        assertThat(signed.get(i)).isEqualTo(vault.hmac(id, "user-" + i).hex());
      }
    }
  }

  @Test
  void signAll_long_holdsAFewBlocksOnly() {
    AtomicLong given = new AtomicLong();
    AtomicLong taken = new AtomicLong();
    AtomicLong most = new AtomicLong();
    users.signAll(
        userIds(60 * InOrder.BLOCK)
            .peek(each -> most.accumulateAndGet(given.incrementAndGet() - taken.get(), Math::max)),
        token -> taken.incrementAndGet());
    assertThat(taken.get()).isEqualTo(60 * InOrder.BLOCK);
    int cores = Runtime.getRuntime().availableProcessors();
    assertThat(most.get()).isBetween(1L, (cores + 2L) * InOrder.BLOCK);
  }

  @Test
  void signAll_malformedUserId_throwsBehindThoseBefore() {
    AtomicLong taken = new AtomicLong();
    AtomicBoolean closed = new AtomicBoolean();
    Stream<String> ids =
        Stream.concat(userIds(2_000), Stream.concat(Stream.of(""), userIds(9_000)))
            .onClose(() -> closed.set(true));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> users.signAll(ids, token -> taken.incrementAndGet()))
        .withMessageStartingWith("userId: ");
    assertThat(taken.get()).isEqualTo(2_000);
    assertThat(closed).isTrue();
    assertNoThreadsLeft();
  }

  @Test
  void signAll_failingSink_endsTheThreads() {
    assertThatThrownBy(
            () ->
                users.signAll(
                    userIds(9_000),
                    token -> {
                      throw new IllegalStateException("full");
                    }))
        .hasMessage("full");
    assertNoThreadsLeft();
  }

  /** All that was begun is done when the interrupt comes, so nobody has to wait for anything. */
  @Test
  void signAll_interruptedWhileTheWorkersAreAhead_endsBeforeTheNextBlock() {
    int ahead = 1 + Runtime.getRuntime().availableProcessors();
    CountDownLatch worked = new CountDownLatch(ahead * InOrder.BLOCK);
    AtomicLong taken = new AtomicLong();
    AtomicBoolean closed = new AtomicBoolean();
    Stream<String> ids = userIds(3 * ahead * InOrder.BLOCK).onClose(() -> closed.set(true));
    assertThatThrownBy(
            () ->
                InOrder.map(
                    ids,
                    each -> {
                      worked.countDown();
                      return each;
                    },
                    each -> {
                      if (taken.getAndIncrement() == 0) {
                        awaitAndInterrupt(worked);
                      }
                    }))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(taken).hasValue(InOrder.BLOCK);
    assertThat(closed).isTrue();
    assertNoThreadsLeft();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> users.signAll(userIds(9), token -> taken.incrementAndGet()))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(taken).hasValue(InOrder.BLOCK);
  }

  private static void awaitAndInterrupt(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    Thread.currentThread().interrupt();
  }

  @Test
  void signAll_errorInAWorker_isThrownBehindThoseBefore() {
    AtomicLong taken = new AtomicLong();
    Error error = new StackOverflowError();
    assertThatThrownBy(
            () ->
                InOrder.map(
                    userIds(9_000),
                    each -> {
                      if (each.equals("user-2000")) {
                        throw error;
                      }
                      return each;
                    },
                    each -> taken.incrementAndGet()))
        .isSameAs(error);
    assertThat(taken).hasValue(2_000);
    assertNoThreadsLeft();
  }

  @Test
  void signAll_moreThanTheRateAllows_throwsBehindThoseBefore() {
    VaultLimits limits = VaultLimits.defaults().rate(Permission.DIGEST, 3, Duration.ofHours(1));
    try (SecretVault limited = BehaviourTable.limited(fixture, limits)) {
      AtomicLong taken = new AtomicLong();
      UserIdAuthenticator signing = limited.userIds(id); // Counts as well.
      assertThatThrownBy(() -> signing.signAll(userIds(9), token -> taken.incrementAndGet()))
          .isInstanceOf(RateLimitExceededException.class);
      assertThat(taken).hasValue(2);
    }
  }

  private static void assertNoThreadsLeft() {
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("secretvault-digests"));
  }

  @Test
  void redigest_afterRotation_renewsWhatIsGenuine() {
    List<Row> kept = new ArrayList<>();
    users.signAll(userIds(3_000), token -> kept.add(digest(token)));
    vault.rotate(id, NewValue.of("second".toCharArray())).close();
    vault.activate(id);
    kept.set(7, new Row("user-7", kept.get(8).digest()));
    kept.set(8, new Row("user-8", "no digest"));
    kept.set(9, digest(users.sign("user-9")));
    List<Integer> bad = List.of(7, 8, 2_500, 2_501, 2_502, 2_503, 2_504, 2_505, 2_506);
    kept.set(2_500, new Row("", kept.get(8).digest()));
    kept.set(2_501, new Row("x".repeat(4_097), kept.get(8).digest()));
    kept.set(2_502, new Row("\ud800", kept.get(8).digest()));
    kept.set(2_503, new Row(null, kept.get(10).digest()));
    kept.set(2_504, new Row("user-2504", null));
    kept.set(2_505, new Row(SHORT, kept.get(2_505).digest()));
    kept.set(2_506, new Row("user-2506", SHORT));
    List<Optional<Digest>> renewed = new ArrayList<>();
    // Broken off, and taken up again where the count says.
    assertThatThrownBy(
            () ->
                users.redigest(
                    kept.stream(),
                    row -> column(row.userId()),
                    row -> column(row.digest()),
                    (old, fresh) -> {
                      if (renewed.size() == 2_000) {
                        throw new IllegalStateException("killed");
                      }
                      renewed.add(fresh);
                    }))
        .hasMessage("killed");
    long more =
        users.redigest(
            kept.stream().skip(renewed.size()),
            row -> column(row.userId()),
            row -> column(row.digest()),
            (old, fresh) -> {
              assertThat(old).isEqualTo(kept.get(renewed.size()));
              renewed.add(fresh);
            });
    assertThat(more).isEqualTo(1_000);
    vault.retire(id, 1);
    for (int i = 0; i < kept.size(); i++) {
      Optional<Digest> fresh = renewed.get(i);
      if (bad.contains(i)) {
        assertThat(fresh).isEmpty();
      } else {
        Map<String, Object> fields = users.sign("user-" + i).fields(TokenForm.MOBILE_SDK);
        assertThat(fresh.map(Digest::hex)).contains(fields.get("digest").toString());
      }
    }
  }

  private record Row(String userId, String digest) {}

  /** Stands for a column that a row does not have. */
  private static final String SHORT = "too short";

  private static String column(String text) {
    if (SHORT.equals(text)) {
      throw new ArrayIndexOutOfBoundsException(text);
    }
    return text;
  }

  @Test
  void redigest_policyThatDemandsMore_isRefusedBeforeTheFirst() {
    UserIdAuthenticator salted = vault.userIds(id, UserIdPolicy.standard().salted());
    AtomicLong taken = new AtomicLong();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                salted.redigest(
                    Stream.of(new Row("u", "00")),
                    row -> column(row.userId()),
                    row -> column(row.digest()),
                    (row, fresh) -> taken.incrementAndGet()))
        .withMessageStartingWith("salt: ");
    assertThat(taken.get()).isZero();
  }

  private static Row digest(UserIdToken token) {
    return new Row(token.userId(), token.digest().hex());
  }
}
