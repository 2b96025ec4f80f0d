package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.StoreException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What programs go by when a vault throws. */
class VaultExceptionTest {

  static Stream<Arguments> exceptions() {
    Duration second = Duration.ofSeconds(1);
    return Stream.of(
        row("access-denied", false, AccessDeniedException.lacking(Permission.LIST)),
        row("access-denied", false, AccessDeniedException.confined()),
        row("already-revealed", false, new AlreadyRevealedException()),
        row("duplicate-name", false, new DuplicateNameException()),
        row("integrity", false, new IntegrityException("said", null)),
        row("key-in-use", false, new KeyInUseException("said", null)),
        row("master-key-unavailable", false, new MasterKeyUnavailableException("said", null)),
        row("not-revealable", false, NotRevealableException.shownAtCreation()),
        row("not-revealable", false, NotRevealableException.notComparable()),
        row("not-revealable", false, NotRevealableException.noDigests()),
        row("passphrase-locked", true, new PassphraseLockedException(second)),
        row("quota-exceeded", false, new QuotaExceededException("said", null)),
        row(
            "rate-limit-exceeded",
            true,
            new RateLimitExceededException(1, VaultFixture.START, second)),
        row("secret-expired", false, new SecretExpiredException()),
        row("secret-not-active", false, SecretNotActiveException.inactive()),
        row("secret-not-active", true, SecretNotActiveException.notYetValid()),
        row("secret-not-found", false, new SecretNotFoundException()),
        row("secret-not-found", false, new SecretNotFoundException(List.of("marker", "name"))),
        row("stale-revision", true, new StaleRevisionException()),
        row("stale-revision", false, StaleRevisionException.unexpected()),
        row("store-failed", true, new StoreFailedException(storeException(true))),
        row("store-failed", false, new StoreFailedException(storeException(false))),
        row("unsupported-format", false, new UnsupportedFormatException("said", null)),
        row("vault-not-found", false, new VaultNotFoundException()),
        row("wrong-master-key", false, new WrongMasterKeyException("said", null)),
        row("wrong-passphrase", false, new WrongPassphraseException(4)));
  }

  private static Arguments row(String code, boolean retryable, VaultException exception) {
    return Arguments.of(code, retryable, exception);
  }

  private static StoreException storeException(boolean retryable) {
    return new StoreException(
        "the store failed", StoreException.Outcome.NOT_WRITTEN, retryable, null);
  }

  private static VaultException exceptionOf(Arguments row) {
    return (VaultException) row.get()[2];
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void codeAndRetryable_areThoseThatAreDocumented(
      String code, boolean retryable, VaultException exception) {
    assertThat(exception.code()).isEqualTo(code);
    assertThat(exception.retryable()).isEqualTo(retryable);
    assertThat(exception.getMessage()).isNotBlank().doesNotContain("marker").doesNotContain("null");
  }

  @Test
  void everyLeaf_standsInTheTable_isFinal_andHasACodeOfItsOwn() {
    Set<Class<?>> leaves = new HashSet<>();
    Set<String> codes = new HashSet<>();
    exceptions()
        .map(VaultExceptionTest::exceptionOf)
        .forEach(
            exception -> {
              if (leaves.add(exception.getClass())) {
                assertThat(codes.add(exception.code())).as(exception.code()).isTrue();
              }
            });
    assertThat(leaves)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.asList(VaultException.class.getPermittedSubclasses()))
        .allSatisfy(leaf -> assertThat(Modifier.isFinal(leaf.getModifiers())).isTrue());
  }

  @Test
  void everyCode_isDocumented() throws IOException {
    String source = Files.readString(Path.of("src/main/java/dev/secretvault/VaultException.java"));
    List<String> documented =
        source.lines().filter(line -> line.startsWith(" *   <li>")).map(String::strip).toList();
    assertThat(documented)
        .containsExactlyElementsOf(
            exceptions()
                .map(VaultExceptionTest::exceptionOf)
                .map(e -> "*   <li>{@code %s}: {@link %s}".formatted(e.code(), name(e)))
                .distinct()
                .toList());
  }

  private static String name(VaultException exception) {
    return exception.getClass().getSimpleName();
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void exception_canBeSerialized(String code, boolean retryable, VaultException exception)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new ObjectOutputStream(out).writeObject(exception);
    assertThat(out.size()).as("%s %s", code, retryable).isPositive();
  }

  @Test
  void outcome_isKnownUnlessTheStoreSaysOtherwise() {
    assertThat(new StoreFailedException(storeException(true)).outcomeKnown()).isTrue();
    StoreException unknown =
        new StoreException("the store failed", StoreException.Outcome.UNKNOWN, true, null);
    assertThat(new StoreFailedException(unknown).outcomeKnown()).isFalse();
    assertThat(new StoreFailedException(unknown)).hasCause(unknown);
  }

  @Test
  void details_areThoseThatWereGiven() {
    assertThat(new StaleRevisionException()).hasMessageContaining("others kept changing");
    assertThat(StaleRevisionException.unexpected()).hasMessageContaining("revision that was named");
    assertThat(AccessDeniedException.lacking(Permission.AUDIT).permission())
        .contains(Permission.AUDIT);
    assertThat(AccessDeniedException.confined().permission()).isEmpty();
    assertThat(new WrongPassphraseException(4).attemptsLeft()).isEqualTo(4);
    assertThat(new PassphraseLockedException(Duration.ofMillis(1)))
        .hasMessageContaining("1 seconds")
        .satisfies(e -> assertThat(e.retryAfter()).isEqualTo(Duration.ofMillis(1)));
  }
}
