package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who finds which one-time secrets, on any store. */
abstract class OneTimeReachContract extends OneTimeFixture {

  @Test
  void recent_listsTheNewestFirst_pageByPage_forThirtyDays() {
    List<SecretId> expected = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      expected.add(0, oneTime().share(spec().expiresAfter(Duration.ofDays(60))).details().id());
      fixture.clock.advance(Duration.ofDays(5));
    }
    // It is day 35: those of day 0 and day 5 are too old.
    List<SecretId> listed = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      Page<Receipt> page =
          cursor.isEmpty() ? oneTime().recent(2) : oneTime().recent(2, cursor.get());
      page.items().forEach(receipt -> listed.add(receipt.id()));
      cursor = page.next();
    } while (cursor.isPresent());
    assertThat(listed).isEqualTo(expected.subList(0, 5));
    for (int wrong : List.of(0, -1, 101)) {
      assertThatThrownBy(() -> oneTime().recent(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> oneTime().recent(2, "no cursor"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Whoever can write to the store can put what sorts before all others, and does not open. */
  @Test
  void recent_leavesOutWhatIsDamaged_andGoesOnBehindIt() {
    SharedSecret last = oneTime().share(spec());
    fixture.clock.advance(Duration.ofMillis(1));
    SharedSecret damaged = oneTime().share(spec());
    fixture.clock.advance(Duration.ofMillis(1));
    SharedSecret first = oneTime().share(spec());
    StoredRecord own =
        fixture.stored().values().stream()
            .filter(
                record -> record.key().text().endsWith(damaged.details().id().reversed().text()))
            .findFirst()
            .orElseThrow();
    replace(own, new byte[own.bytes().length]);
    String prefix = own.key().text().substring(0, own.key().text().lastIndexOf('.') + 1);
    fixture.vault.close();
    try (var store = fixture.newStore()) {
      for (String junk : List.of("-", "0", "z-z")) {
        store.commit(List.of(Change.put(new RecordKey(prefix + junk), 0, own.bytes())));
      }
    }
    fixture.vault = fixture.open();
    assertThat(oneTime().recent(100).items())
        .extracting(Receipt::id)
        .containsExactly(first.details().id(), last.details().id());
    List<SecretId> listed = new ArrayList<>();
    Page<Receipt> page = oneTime().recent(1);
    for (int pages = 1; page.next().isPresent(); pages++) {
      assertThat(pages).as("one for each record, and an empty one").isLessThan(7);
      page.items().forEach(receipt -> listed.add(receipt.id()));
      page = oneTime().recent(1, page.next().get());
    }
    assertThat(listed).containsExactly(first.details().id(), last.details().id());
  }

  @Test
  void status_saysWhatBecameOfManyAtOnce() {
    SharedSecret first = oneTime().share(spec());
    SharedSecret second = oneTime().share(spec());
    String unknown = OneTimeToken.encode(OneTimeToken.Kind.LINK, OneTimeToken.random());
    reveal(second.link());
    assertThat(oneTime().status(List.of(second.link(), unknown, first.link())))
        .containsExactly(
            Optional.of(oneTime().peek(second.link())),
            Optional.empty(),
            Optional.of(oneTime().peek(first.link())));
    assertThatThrownBy(() -> oneTime().status(List.of(first.link(), unknown, unknown + "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("links[2]: ");
    assertThatThrownBy(() -> oneTime().status(Collections.nCopies(101, first.link())))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void namespace_hasOneTimeSecretsOfItsOwn() {
    SharedSecret shared = fixture.vault.namespace("red").oneTime().share(spec());
    for (String elsewhere : List.of("", "blue")) {
      OneTimeSecrets other = fixture.vault.namespace(elsewhere).oneTime();
      assertThatThrownBy(() -> other.reveal(shared.link()))
          .isInstanceOf(SecretNotFoundException.class);
      assertThatThrownBy(() -> other.burn(shared.receipt()))
          .isInstanceOf(SecretNotFoundException.class);
      assertThat(other.recent(100).items()).isEmpty();
    }
    try (SecretValue value = fixture.vault.namespace("red").oneTime().reveal(shared.link())) {
      assertThat(VaultFixture.textOf(value)).isEqualTo(VALUE);
    }
  }

  @Test
  void view_mayDoWhatItsPermissionsSay() {
    SharedSecret shared = oneTime().share(spec());
    OneTimeSecrets recipients = fixture.vault.restrictedTo(Set.of(Permission.REVEAL)).oneTime();
    assertThatThrownBy(() -> recipients.share(spec())).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.burn(shared.receipt()))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.takeGenerated(shared.receipt()))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.recent(1)).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.receipt(shared.receipt()))
        .isInstanceOf(AccessDeniedException.class);
    assertThat(recipients.peek(shared.link()).state()).isEqualTo(OneTimeState.NEW);
    OneTimeSecrets lookers = fixture.vault.restrictedTo(Set.of(Permission.LIST)).oneTime();
    assertThat(lookers.receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
    assertThatThrownBy(() -> lookers.peek(shared.link())).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> lookers.status(List.of(shared.link())))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> lookers.reveal(shared.link()))
        .isInstanceOf(AccessDeniedException.class);
    recipients.reveal(shared.link()).close();
  }

  @Test
  void shareUrl_putsTheLinkIntoTheFragment() {
    SharedSecret shared = oneTime().share(spec());
    URI url = shared.shareUrl(URI.create("https://example.org/secret?lang=en"));
    assertThat(url.getRawFragment()).isEqualTo(shared.link());
    assertThat(url).hasToString("https://example.org/secret?lang=en#" + shared.link());
    assertThatThrownBy(() -> shared.shareUrl(URI.create("https://example.org/#top")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("base: ");
  }

  @Test
  void rotationOfKeys_leavesLinksAsTheyAre() {
    SharedSecret shared = oneTime().share(spec());
    fixture.vault.keys().rotate();
    assertThat(fixture.vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
    fixture.vault.keys().retire(1);
    fixture.reopen();
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.REVEALED);
  }

  /** A namespace that has nothing but one-time secrets is known by its record, too. */
  @Test
  void rotationOfKeys_findsTheNamespacesOfLinks() {
    SharedSecret shared = fixture.vault.namespace("red").oneTime().share(spec());
    fixture.reopen();
    fixture.vault.keys().rotate();
    assertThat(fixture.vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
    fixture.vault.keys().retire(1);
    fixture.reopen();
    try (SecretValue value = fixture.vault.namespace("red").oneTime().reveal(shared.link())) {
      assertThat(VaultFixture.textOf(value)).isEqualTo(VALUE);
    }
  }

  @Test
  void damagedValue_isNotUsedUp() {
    SharedSecret shared = oneTime().share(spec());
    Map<RecordKey, StoredRecord> before = fixture.stored();
    StoredRecord value =
        before.values().stream()
            .filter(record -> record.key().text().contains(".p."))
            .findFirst()
            .orElseThrow();
    byte[] altered = value.bytes().clone();
    altered[altered.length - 1] ^= 1;
    replace(value, altered);
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(IntegrityException.class);
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
    replace(value, value.bytes()); // At the revision that it was sealed for, the first.
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
  }
}
