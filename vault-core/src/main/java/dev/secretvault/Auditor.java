package dev.secretvault;

import dev.secretvault.store.Change;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Commits what somebody does, with its event.
 *
 * @param actor who it is, if the application says so
 */
record Auditor(AuditChain chain, @Nullable String actor) {

  Auditor actingAs(@Nullable String newActor) {
    return new Auditor(chain, newActor);
  }

  private Act act(AuditEvent.Kind kind, @Nullable SecretId secret, int version) {
    return new Act(kind, secret, version, actor);
  }

  /** Commits an act, as {@link AuditChain#commit(List, Supplier)} does. */
  void commit(
      AuditEvent.Kind kind,
      @Nullable SecretId secret,
      int version,
      Supplier<List<Change>> changes) {
    chain.commit(List.of(act(kind, secret, version)), changes);
  }

  /** Commits one act on several secrets, with an event for each. */
  void commit(AuditEvent.Kind kind, List<SecretId> secrets, Supplier<List<Change>> changes) {
    chain.commit(secrets.stream().map(secret -> act(kind, secret, 0)).toList(), changes);
  }

  /**
   * Has an act on no secret committed, as {@link AuditChain#commit(List, Consumer)} does.
   *
   * @param number of what it is done to; 0 if that has none
   */
  void commit(AuditEvent.Kind kind, int number, Consumer<Supplier<List<Change>>> commit) {
    chain.commit(List.of(act(kind, null, number)), commit);
  }
}
