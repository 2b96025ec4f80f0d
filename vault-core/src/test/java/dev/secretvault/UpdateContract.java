package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a vault promises of updates, on any store. */
abstract class UpdateContract extends VaultContract {

  private static final Instant BEGIN = VaultFixture.START.minusSeconds(60);
  private static final Instant END = VaultFixture.START.plusSeconds(60);

  private SecretInfo full() {
    return create(
        text("web", "value")
            .description("what for")
            .label("env", "prod")
            .notBefore(BEGIN)
            .expiresAt(END)
            .active());
  }

  private SecretInfo update(SecretInfo info, SecretUpdate update) {
    return vault().update(info.id(), update);
  }

  private void assertRefused(SecretInfo info, String message, SecretUpdate update) {
    assertThatThrownBy(() -> update(info, update))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
    assertThat(vault().describe(info.id())).isEqualTo(info);
  }

  @Test
  void update_ofOneField_changesThatFieldAlone() {
    SecretInfo before = full();
    String digest = vault().hmac(before.id(), "u").hex();
    Map<String, SecretUpdate> updates =
        Map.of(
            "name", SecretUpdate.none().name("app"),
            "description", SecretUpdate.none().description(""),
            "labels", SecretUpdate.none().label("env", "test"),
            "expiresAt", SecretUpdate.none().expiresAt(END.plusSeconds(1)),
            "notBefore", SecretUpdate.none().notBefore(BEGIN.plusSeconds(1)));
    List<Function<SecretInfo, Object>> fields =
        List.of(
            SecretInfo::name,
            SecretInfo::description,
            SecretInfo::labels,
            info -> String.valueOf(info.expiresAt()),
            info -> String.valueOf(info.notBefore()),
            SecretInfo::id,
            SecretInfo::state,
            SecretInfo::disclosure,
            SecretInfo::versions,
            SecretInfo::createdAt,
            info -> String.valueOf(info.activatedAt()));
    for (Map.Entry<String, SecretUpdate> update : updates.entrySet()) {
      SecretInfo was = vault().describe(before.id());
      fixture.clock.advance(Duration.ofMillis(1));
      SecretInfo is = update(was, update.getValue());
      assertThat(fields.stream().filter(field -> !field.apply(is).equals(field.apply(was))))
          .as(update.getKey())
          .hasSize(1);
      assertThat(is.revision()).isEqualTo(was.revision() + 1);
      assertThat(vault().describe(is.id())).isEqualTo(is);
    }
    SecretInfo after = fixture.reopen().describe(before.id());
    assertThat(after.name()).isEqualTo("app");
    assertThat(after.description()).isEmpty();
    assertThat(after.labels()).isEqualTo(Map.of("env", "test"));
    assertThat(after.expiresAt()).isEqualTo(END.plusSeconds(1));
    assertThat(after.notBefore()).isEqualTo(BEGIN.plusSeconds(1));
    assertThat(vault().hmac("app", "u").hex()).isEqualTo(digest);
  }

  @Test
  void update_thatChangesNothing_writesNothing() {
    SecretInfo info = full();
    List<SecretUpdate> updates =
        List.of(
            SecretUpdate.none(),
            SecretUpdate.none().ifRevision(1),
            SecretUpdate.none().name("web").description("what for").label("env", "prod"),
            SecretUpdate.none().name("other").name("web"),
            SecretUpdate.none().withoutLabel("none"),
            SecretUpdate.none().label("new", "").withoutLabel("new"),
            SecretUpdate.none().expiresAt(END.plusNanos(999_999)).notBefore(BEGIN));
    for (SecretUpdate update : updates) {
      assertThat(update(info, update)).isEqualTo(info);
    }
    assertThat(fixture.reopen().describe(info.id())).isEqualTo(info);
  }

  @Test
  void update_isImmutable_andTheLaterWordCounts() {
    SecretUpdate base = SecretUpdate.none().label("env", "test");
    SecretUpdate more = base.name("app").name("ios").withoutLabel("env");
    SecretInfo info = full();
    assertThat(update(info, base).name()).isEqualTo("web");
    SecretInfo after = update(info, more);
    assertThat(after.name()).isEqualTo("ios");
    assertThat(after.labels()).isEmpty();
    assertThat(update(info, SecretUpdate.none())).isEqualTo(after);
  }

  @Test
  void rename_freesTheFormerNameAtOnce_andItNeverLeadsToTheSecretAgain() {
    SecretInfo old = create(text("web", "old").active());
    String digest = vault().hmac("web", "u").hex();
    update(old, SecretUpdate.none().name("app"));
    for (int opened = 0; opened < 2; opened++) {
      assertThat(vault().find("web")).isEmpty();
      assertThat(vault().verify("web", "u", digest)).isFalse();
      assertThatThrownBy(() -> vault().hmac("web", "u"))
          .isInstanceOf(SecretNotFoundException.class);
      assertThatThrownBy(() -> vault().reveal("web")).isInstanceOf(SecretNotFoundException.class);
      assertThat(vault().hmac("app", "u").hex()).isEqualTo(digest);
      fixture.reopen();
    }
    SecretInfo young = create(text("web", "young").active());
    assertThat(vault().find("web")).contains(young);
    assertThat(vault().verify("web", "u", digest)).isFalse();
    assertThat(vault().find("app").map(SecretInfo::id)).contains(old.id());
    assertThat(storedNames()).isEqualTo(2);
    vault().delete(old.id());
    assertThat(vault().find("app")).isEmpty();
    assertThat(storedNames()).isEqualTo(1);
  }

  @Test
  void rename_toATakenName_isRefusedAndChangesNothing() {
    SecretInfo web = create(text("web", "w").active());
    SecretInfo app = create(text("app", "a").active());
    assertThatThrownBy(() -> update(web, SecretUpdate.none().name("app").description("new")))
        .isInstanceOf(DuplicateNameException.class);
    assertThat(vault().describe(web.id())).isEqualTo(web);
    assertThat(vault().find("web")).contains(web);
    assertThat(vault().find("app")).contains(app);
    assertThat(storedNames()).isEqualTo(2);
  }

  @Test
  void rename_ofSeveralToOneName_hasOneWinner() {
    List<SecretInfo> rivals = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      rivals.add(create(text("rival-" + i, "v")));
    }
    AtomicInteger winners = new AtomicInteger();
    Racers.run(
        9,
        racer -> {
          try {
            if (racer == 8) {
              create(text("prize", "v"));
            } else {
              update(rivals.get(racer), SecretUpdate.none().name("prize"));
            }
            winners.incrementAndGet();
          } catch (DuplicateNameException lost) {
            assertThat(vault().find("prize")).isPresent();
          }
        });
    assertThat(winners).hasValue(1);
    long renamed = rivals.stream().filter(was -> !was.equals(vault().describe(was.id()))).count();
    assertThat(storedNames()).isEqualTo(renamed == 1 ? 8 : 9);
  }

  @Test
  void rename_ofOneSecretToOneNameBySeveral_isNoConflict() {
    SecretInfo web = create(text("web", "v"));
    Racers.run(
        8,
        racer -> assertThat(update(web, SecretUpdate.none().name("app")).name()).isEqualTo("app"));
    assertThat(vault().describe(web.id()).revision()).isEqualTo(2);
    assertThat(storedNames()).isEqualTo(1);
  }

  @Test
  void ifRevision_letsOneOfSeveralUpdatesThrough() {
    SecretInfo web = create(text("web", "v"));
    AtomicInteger winners = new AtomicInteger();
    Racers.run(
        8,
        racer -> {
          try {
            update(web, SecretUpdate.none().description("by " + racer).ifRevision(1));
            winners.incrementAndGet();
          } catch (StaleRevisionException lost) {
            assertThat(lost.retryable()).isFalse();
          }
        });
    assertThat(winners).hasValue(1);
    assertThat(vault().describe(web.id()).revision()).isEqualTo(2);
  }

  @Test
  void ifRevision_ofAnotherRevision_isRefusedAndChangesNothing() {
    SecretInfo before = update(full(), SecretUpdate.none().description("new").ifRevision(1));
    for (long revision : new long[] {1, 3, 0, -1, Long.MAX_VALUE}) {
      for (SecretUpdate update :
          List.of(
              SecretUpdate.none().ifRevision(revision),
              SecretUpdate.none().name("app").ifRevision(revision),
              SecretUpdate.none().ifRevision(revision).name("app"))) {
        assertThatThrownBy(() -> update(before, update)).isInstanceOf(StaleRevisionException.class);
      }
    }
    assertThat(vault().describe(before.id())).isEqualTo(before);
  }

  @Test
  void update_seenBesideEveryOtherChange_countsRevisions() {
    SecretId id = create(text("web", "v")).id();
    vault().activate(id);
    rotate(id, "w");
    vault().activate(id);
    vault().rollback(id);
    vault().retire(id, 2);
    vault().deactivate(id);
    assertThat(vault().update(id, SecretUpdate.none().description("d").ifRevision(7)).revision())
        .isEqualTo(8);
  }

  @Test
  void labels_beyondThirtyTwo_areRefused() {
    SecretInfo web = create(text("web", "v"));
    SecretUpdate many = SecretUpdate.none();
    for (int i = 0; i < 32; i++) {
      many = many.label("k" + i, "v");
    }
    SecretInfo full = update(web, many);
    assertThat(full.labels()).hasSize(32);
    assertRefused(full, "labels: at most 32 ", SecretUpdate.none().label("k32", "v"));
    assertRefused(full, "labels: at most 32 ", SecretUpdate.none().label("a", "").label("b", ""));
    SecretInfo replaced =
        update(full, SecretUpdate.none().label("k0", "new").label("k32", "v").withoutLabel("k1"));
    assertThat(replaced.labels())
        .hasSize(32)
        .containsEntry("k0", "new")
        .containsEntry("k32", "v")
        .doesNotContainKey("k1");
  }

  @Test
  void expiry_movesToTheNewMoment_andGoes() {
    SecretInfo info = full();
    update(info, SecretUpdate.none().expiresAt(END.minusSeconds(30)));
    fixture.clock.set(END.minusSeconds(30).minusMillis(1));
    assertThat(reveal(info.id())).isEqualTo("value");
    update(info, SecretUpdate.none().neverExpires());
    fixture.clock.set(END.plus(Duration.ofDays(10_000)));
    assertThat(reveal(info.id())).isEqualTo("value");
    Instant soon = fixture.clock.instant().plusMillis(1);
    update(info, SecretUpdate.none().expiresAt(soon));
    fixture.clock.set(soon);
    assertThatThrownBy(() -> reveal(info.id())).isInstanceOf(SecretExpiredException.class);
  }

  @Test
  void expiry_thatIsNotInTheFuture_isRefused() {
    SecretInfo info = full();
    assertRefused(info, "expiresAt: ", SecretUpdate.none().expiresAt(VaultFixture.START));
    assertRefused(
        info, "expiresAt: ", SecretUpdate.none().expiresAt(VaultFixture.START.plusNanos(999_999)));
    assertRefused(info, "expiresAt: ", SecretUpdate.none().expiresAt(Instant.EPOCH));
  }

  @Test
  void notBefore_movesAndGoes_andStaysBeforeTheExpiry() {
    SecretInfo info = full();
    assertRefused(info, "notBefore: ", SecretUpdate.none().notBefore(END));
    SecretInfo later = update(info, SecretUpdate.none().notBefore(END.minusMillis(1)));
    assertThatThrownBy(() -> reveal(info.id())).isInstanceOf(SecretNotActiveException.class);
    assertRefused(later, "notBefore: ", SecretUpdate.none().expiresAt(END.minusMillis(1)));
    SecretInfo both =
        update(later, SecretUpdate.none().expiresAt(END.plusSeconds(9)).notBefore(END));
    assertThat(both.expiresAt()).isEqualTo(END.plusSeconds(9));
    assertThat(both.notBefore()).isEqualTo(END);
    assertThat(update(both, SecretUpdate.none().validAtOnce()).notBefore()).isNull();
    assertThat(reveal(info.id())).isEqualTo("value");
  }

  @Test
  void expiredSecret_isNotUpdated_notEvenToLiveLonger() {
    SecretInfo info = full();
    fixture.clock.set(END);
    for (SecretUpdate update :
        List.of(
            SecretUpdate.none(),
            SecretUpdate.none().neverExpires(),
            SecretUpdate.none().expiresAt(END.plusSeconds(1)),
            SecretUpdate.none().name("app"))) {
      assertThatThrownBy(() -> update(info, update)).isInstanceOf(SecretExpiredException.class);
    }
    assertThat(vault().describe(info.id())).isEqualTo(info);
  }

  @Test
  void revealedSecret_canBeDescribedAnew_butItsTimesStayAsTheyAre() {
    SecretInfo before =
        create(
            text("link", "v").active().disclosure(Disclosure.ONCE).notBefore(BEGIN).expiresAt(END));
    vault().reveal(before.id()).close();
    SecretInfo gone = vault().describe(before.id());
    for (SecretUpdate update :
        List.of(
            SecretUpdate.none().neverExpires(),
            SecretUpdate.none().expiresAt(END.plusSeconds(1)),
            SecretUpdate.none().expiresAt(END.minusSeconds(1)),
            SecretUpdate.none().expiresAt(BEGIN),
            SecretUpdate.none().validAtOnce(),
            SecretUpdate.none().notBefore(BEGIN.plusSeconds(1)).name("other"))) {
      assertThatThrownBy(() -> update(gone, update)).isInstanceOf(AlreadyRevealedException.class);
    }
    assertThat(vault().describe(gone.id())).isEqualTo(gone);
    SecretUpdate said = SecretUpdate.none().name("was").description("d").label("k", "v");
    SecretInfo after = update(gone, said.expiresAt(END).notBefore(BEGIN));
    assertThat(after.name()).isEqualTo("was");
    assertThat(after.state()).isEqualTo(SecretState.REVEALED);
    assertThat(after.expiresAt()).isEqualTo(END);
    assertThat(after.versions()).isEqualTo(gone.versions());
    assertThat(create(text("link", "another")).name()).as("is free").isEqualTo("link");
    fixture.clock.set(END);
    assertThatThrownBy(() -> update(after, said)).isInstanceOf(SecretExpiredException.class);
  }

  @Test
  void unknownSecret_isNotFound() {
    assertThatThrownBy(() -> vault().update(SecretId.of("0".repeat(26)), SecretUpdate.none()))
        .isInstanceOf(SecretNotFoundException.class);
  }
}
