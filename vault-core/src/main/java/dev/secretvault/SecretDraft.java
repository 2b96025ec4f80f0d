package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A secret while it is changed: begins as it was, and becomes its next revision. */
final class SecretDraft {

  private final SecretInfo before;
  String name;
  String description;
  Map<String, String> labels;
  SecretState state;
  List<Version> versions;
  @Nullable Instant activatedAt;
  @Nullable Instant expiresAt;
  @Nullable Instant notBefore;

  SecretDraft(SecretInfo before) {
    this.before = before;
    name = before.name();
    description = before.description();
    labels = before.labels();
    state = before.state();
    versions = before.versions();
    activatedAt = before.activatedAt();
    expiresAt = before.expiresAt();
    notBefore = before.notBefore();
  }

  boolean passphraseProtected() {
    return before.passphraseProtected();
  }

  long revision() {
    return before.revision();
  }

  /** The revision that it becomes, if it is changed. */
  long nextRevision() {
    return before.revision() + 1;
  }

  /** Refuses to prolong a life that is over. */
  void requireNotOver(VaultClock clock) {
    clock.requireNotOver(before.expiresAt());
  }

  /** The secret as it was, if nothing has changed, or else its next revision. */
  SecretInfo done() {
    SecretInfo same = at(before.revision());
    return same.equals(before) ? before : at(nextRevision());
  }

  private SecretInfo at(long revision) {
    return new SecretInfo(
        before.id(),
        name,
        description,
        labels,
        state,
        before.disclosure(),
        versions,
        before.createdAt(),
        activatedAt,
        expiresAt,
        notBefore,
        revision,
        before.passphraseProtected());
  }
}
