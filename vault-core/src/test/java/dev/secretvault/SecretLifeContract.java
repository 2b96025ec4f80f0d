package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a vault promises of a secret's life, on any store. */
abstract class SecretLifeContract {

  private VaultFixture fixture;

  abstract VaultFixture newFixture();

  @BeforeEach
  void open() {
    fixture = newFixture();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private SecretVault vault() {
    return fixture.vault;
  }

  private SecretInfo create(SecretSpec spec) {
    try (CreatedSecret created = vault().create(spec)) {
      return created.info();
    }
  }

  private static SecretSpec text(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray());
  }

  private String reveal(SecretId id) {
    try (SecretValue value = vault().reveal(id)) {
      return value.useChars(String::new);
    }
  }

  @Test
  void create_generated_isInactiveAndShownAtCreationOnly() {
    try (CreatedSecret created = vault().create(SecretSpec.named("web").generated())) {
      assertThat(created.info().state()).isEqualTo(SecretState.INACTIVE);
      assertThat(created.info().disclosure()).isEqualTo(Disclosure.AT_CREATION);
      assertThat(VaultFixture.textOf(created.value())).matches("[A-Za-z0-9_-]{43}");
      vault().activate(created.info().id());
      assertThatThrownBy(() -> vault().reveal("web")).isInstanceOf(NotRevealableException.class);
      assertThat(vault().hmac("web", "user").hex()).hasSize(64);
    }
  }

  @Test
  void create_withEverything_isDescribedAsGivenAfterReopening() {
    SecretInfo created =
        create(
            text("näme ✓ \uD83D\uDD11", "välue")
                .description("what for")
                .label("environment", "production")
                .label("platform", "")
                .expiresAfter(Duration.ofDays(1))
                .notBefore(VaultFixture.START.plusSeconds(5)));
    assertThat(created.labels()).isEqualTo(Map.of("environment", "production", "platform", ""));
    assertThat(created.createdAt()).isEqualTo(VaultFixture.START);
    assertThat(created.expiresAt()).isEqualTo(VaultFixture.START.plus(Duration.ofDays(1)));
    assertThat(created.activatedAt()).isNull();
    assertThat(created.revision()).isEqualTo(1);
    assertThat(created.versions())
        .containsExactly(
            new SecretInfo.Version(1, SecretInfo.Version.State.CURRENT, VaultFixture.START, 1));
    assertThat(vault().describe(created.id())).isEqualTo(created);
    fixture.reopen();
    assertThat(vault().describe(created.id())).isEqualTo(created);
    assertThat(vault().find(created.name())).contains(created);
  }

  @Test
  void reopen_givesTheSameAnswers() {
    SecretId id = create(text("web", "secret").active()).id();
    String digest = vault().hmac(id, "user@domain.com").hex();
    fixture.reopen();
    assertThat(vault().hmac("web", "user@domain.com").hex())
        .isEqualTo(digest)
        .isEqualTo("19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3");
    assertThat(vault().verify(id, "user@domain.com", digest)).isTrue();
    assertThat(reveal(id)).isEqualTo("secret");
  }

  @Test
  void reveal_bytes_givesThoseBytes() {
    byte[] bytes = {0, (byte) 0xff, (byte) 0xc3, 1};
    SecretId id = create(SecretSpec.named("raw").value(bytes).active()).id();
    try (SecretValue value = vault().reveal(id)) {
      assertThat(value.use(byte[]::clone)).isEqualTo(bytes);
      assertThatThrownBy(() -> value.useChars(String::new))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void value_ofTheLargestSize_comesBack() {
    byte[] bytes = new byte[SecretSpec.MAX_VALUE_BYTES];
    bytes[bytes.length - 1] = 7;
    SecretId id = create(SecretSpec.named("large").value(bytes).active()).id();
    fixture.reopen();
    try (SecretValue value = vault().reveal(id)) {
      assertThat(value.use(byte[]::clone)).isEqualTo(bytes);
    }
  }

  @Test
  void inactive_givesNeitherValueNorDigest_untilActivated() {
    SecretId id = create(text("web", "secret")).id();
    assertThatThrownBy(() -> vault().reveal(id)).isInstanceOf(SecretNotActiveException.class);
    assertThatThrownBy(() -> vault().hmac("web", "u")).isInstanceOf(SecretNotActiveException.class);
    assertThat(vault().verify(id, "u", "00".repeat(32))).isFalse();
    fixture.clock.advance(Duration.ofSeconds(1));
    SecretInfo active = vault().activate(id);
    assertThat(active.state()).isEqualTo(SecretState.ACTIVE);
    assertThat(active.revision()).isEqualTo(2);
    assertThat(active.activatedAt()).isEqualTo(VaultFixture.START.plusSeconds(1));
    assertThat(vault().activate(id)).as("idempotent").isEqualTo(active);
    assertThat(reveal(id)).isEqualTo("secret");
    String digest = vault().hmac(id, "u").hex();
    SecretInfo inactive = vault().deactivate(id);
    assertThat(vault().deactivate(id)).as("idempotent").isEqualTo(inactive);
    assertThatThrownBy(() -> vault().hmac(id, "u")).isInstanceOf(SecretNotActiveException.class);
    assertThatThrownBy(() -> vault().hmac("web", "u")).isInstanceOf(SecretNotActiveException.class);
    assertThat(vault().verify(id, "u", digest)).isFalse();
    vault().activate(id);
    assertThat(vault().verify(id, "u", digest)).isTrue();
  }

  @Test
  void once_isRevealedOnce_andThenGivesNothing() {
    SecretId id = create(text("link", "secret").active().disclosure(Disclosure.ONCE)).id();
    String digest = vault().hmac(id, "u").hex();
    assertThat(reveal(id)).isEqualTo("secret");
    for (int reopened = 0; reopened < 2; reopened++) {
      assertThatThrownBy(() -> reveal(id)).isInstanceOf(AlreadyRevealedException.class);
      assertThatThrownBy(() -> vault().hmac(id, "u")).isInstanceOf(AlreadyRevealedException.class);
      assertThatThrownBy(() -> vault().activate(id)).isInstanceOf(AlreadyRevealedException.class);
      assertThatThrownBy(() -> vault().deactivate(id)).isInstanceOf(AlreadyRevealedException.class);
      assertThat(vault().verify(id, "u", digest)).isFalse();
      assertThat(vault().describe(id).state()).isEqualTo(SecretState.REVEALED);
      fixture.reopen();
    }
    assertThat(vault().delete(id)).isTrue();
    create(text("link", "another"));
  }

  @Test
  void delete_freesTheName_andNothingLeadsToThePredecessor() {
    SecretId old = create(text("web", "old").active()).id();
    String digest = vault().hmac("web", "u").hex();
    assertThat(vault().delete(old)).isTrue();
    assertThat(vault().delete(old)).isFalse();
    assertThat(vault().find("web")).isEmpty();
    assertThat(vault().verify("web", "u", digest)).isFalse();
    assertThatThrownBy(() -> vault().hmac(old, "u")).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> reveal(old)).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> vault().describe(old)).isInstanceOf(SecretNotFoundException.class);
    SecretId young = create(text("web", "young").active()).id();
    assertThat(young).isNotEqualTo(old);
    assertThat(vault().verify("web", "u", digest)).isFalse();
    assertThat(reveal(young)).isEqualTo("young");
    fixture.reopen();
    assertThat(vault().find("web").map(SecretInfo::id)).contains(young);
    assertThatThrownBy(() -> reveal(old)).isInstanceOf(SecretNotFoundException.class);
  }

  @Test
  void create_duplicateName_isRefusedAndChangesNothing() {
    SecretInfo first = create(text("web", "first").active());
    assertThatThrownBy(() -> create(text("web", "second")))
        .isInstanceOf(DuplicateNameException.class);
    assertThat(vault().list(ListQuery.all()).items()).containsExactly(first);
    assertThat(reveal(first.id())).isEqualTo("first");
  }

  @Test
  void unknown_isNotFound_andVerifiesFalse() {
    SecretId unknown = SecretId.of("0".repeat(26));
    assertThatThrownBy(() -> vault().activate(unknown)).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> vault().deactivate(unknown))
        .isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> vault().reveal("none")).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> vault().hmac("none", "u")).isInstanceOf(SecretNotFoundException.class);
    assertThat(vault().find("none")).isEmpty();
    assertThat(vault().find("unpaired \ud800")).isEmpty();
    assertThat(vault().find("")).isEmpty();
    assertThat(vault().verify("none", "u", "00".repeat(32))).isFalse();
    assertThat(vault().delete(unknown)).isFalse();
  }

  @Test
  void expiry_endsUseAtTheVeryMillisecond() {
    SecretId id = create(text("web", "v").active().expiresAfter(Duration.ofSeconds(10))).id();
    String digest = vault().hmac(id, "u").hex();
    fixture.clock.advance(Duration.ofMillis(9_999));
    assertThat(vault().verify(id, "u", digest)).isTrue();
    fixture.clock.advance(Duration.ofMillis(1));
    assertThatThrownBy(() -> vault().hmac(id, "u")).isInstanceOf(SecretExpiredException.class);
    assertThatThrownBy(() -> reveal(id)).isInstanceOf(SecretExpiredException.class);
    assertThat(vault().verify(id, "u", digest)).isFalse();
    vault().deactivate(id);
    assertThatThrownBy(() -> vault().activate(id)).isInstanceOf(SecretExpiredException.class);
  }

  @Test
  void notBefore_beginsUseAtTheVeryMillisecond() {
    Instant begin = VaultFixture.START.plusSeconds(10);
    SecretId id = create(text("web", "v").active().notBefore(begin)).id();
    fixture.clock.set(begin.minusMillis(1));
    assertThatThrownBy(() -> vault().hmac(id, "u"))
        .isInstanceOfSatisfying(
            SecretNotActiveException.class, e -> assertThat(e.retryable()).isTrue());
    fixture.clock.set(begin);
    assertThat(reveal(id)).isEqualTo("v");
  }

  @Test
  void list_inPagesOfAnySize_meetsEachOnceInOrder() {
    List<SecretId> ids = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      fixture.clock.advance(Duration.ofMillis(1));
      ids.add(create(text("name-" + i, "v")).id());
    }
    for (int limit = 1; limit <= 13; limit++) {
      assertThat(listAll(ListQuery.all().limit(limit))).isEqualTo(ids);
    }
  }

  private List<SecretId> listAll(ListQuery query) {
    List<SecretId> listed = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      Page<SecretInfo> page = vault().list(cursor.map(query::after).orElse(query));
      page.items().forEach(info -> listed.add(info.id()));
      cursor = page.next();
    } while (cursor.isPresent());
    return listed;
  }

  @Test
  void list_whileOthersComeAndGo_isStable() {
    List<SecretId> ids = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      fixture.clock.advance(Duration.ofMillis(1));
      ids.add(create(text("name-" + i, "v")).id());
    }
    Page<SecretInfo> first = vault().list(ListQuery.all().limit(3));
    vault().delete(ids.get(2)); // the one that the cursor names
    vault().delete(ids.get(4));
    Page<SecretInfo> second =
        vault().list(ListQuery.all().limit(3).after(first.next().orElseThrow()));
    assertThat(second.items()).extracting(SecretInfo::id).containsExactly(ids.get(3), ids.get(5));
    assertThat(second.next()).isEmpty();
  }

  @Test
  void list_withFilters_dropsTheOthers() {
    SecretId a = create(text("app-a", "v").active().label("env", "prod")).id();
    create(text("app-b", "v").label("env", "prod"));
    create(text("other", "v").active().label("env", "test"));
    ListQuery query =
        ListQuery.all().state(SecretState.ACTIVE).label("env", "prod").namePrefix("app-");
    assertThat(listAll(query)).containsExactly(a);
    assertThat(listAll(ListQuery.all().namePrefix("app-"))).hasSize(2);
    assertThat(listAll(ListQuery.all().label("env", "none"))).isEmpty();
  }

  @Test
  void create_concurrently_hasOneWinnerForEachName() {
    Set<SecretId> winners = ConcurrentHashMap.newKeySet();
    Racers.run(
        16,
        racer -> {
          for (int i = 0; i < 50; i++) {
            try {
              winners.add(create(text("name-" + i, "by-" + racer)).id());
            } catch (DuplicateNameException another) {
              assertThat(vault().find("name-" + i)).isPresent();
            }
          }
        });
    assertThat(new HashSet<>(listAll(ListQuery.all()))).isEqualTo(winners).hasSize(50);
  }

  @Test
  void once_revealedConcurrently_isGivenToOneCaller() {
    List<SecretId> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(create(text("n" + i, "value-" + i).active().disclosure(Disclosure.ONCE)).id());
    }
    List<String> revealed = Collections.synchronizedList(new ArrayList<>());
    Racers.run(
        16,
        racer -> {
          for (SecretId id : ids) {
            try (SecretValue value = vault().reveal(id)) {
              revealed.add(value.use(bytes -> new String(bytes, StandardCharsets.UTF_8)));
            } catch (AlreadyRevealedException another) {
              assertThat(vault().describe(id).state()).isEqualTo(SecretState.REVEALED);
            }
          }
        });
    assertThat(revealed).hasSize(100).doesNotHaveDuplicates();
  }

  @Test
  void deactivate_andDelete_stopSignersAtOnce() {
    SecretId id = create(text("web", "v").active()).id();
    AtomicBoolean stopped = new AtomicBoolean();
    CountDownLatch signing = new CountDownLatch(7);
    Racers.run(
        8,
        racer -> {
          if (racer == 0) {
            signing.await();
            vault().deactivate(id);
            stopped.set(true);
            return;
          }
          vault().hmac("web", "u");
          signing.countDown();
          while (true) {
            boolean afterwards = stopped.get();
            try {
              if (racer % 2 == 0) {
                vault().hmac(id, "u");
              } else {
                vault().hmac("web", "u");
              }
            } catch (SecretNotActiveException refused) {
              return;
            }
            assertThat(afterwards).as("signed after deactivate had returned").isFalse();
          }
        });
    vault().delete(id);
    assertThatThrownBy(() -> vault().hmac(id, "u")).isInstanceOf(SecretNotFoundException.class);
  }
}
