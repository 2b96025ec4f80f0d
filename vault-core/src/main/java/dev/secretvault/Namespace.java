package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.VaultLimits.Rate;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A namespace of an open vault: its records, their rules, and how often it may be called. */
final class Namespace {

  private final VaultRecords records;
  private final LiveSecrets live;
  private final SecretLife life;
  private final SecretUse use;
  private final OneTimeLife oneTime;
  private final PassphraseAttempts attempts;
  private final Auditor auditor;
  private final VaultRules rules;
  private final JoinedParts joined;
  private final Map<Permission, RateLimiter> limiters;

  /** What is told of changes; the same as this, but for who is said to act. */
  private final Namespace whole;

  Namespace(
      SecretStore store,
      HeaderRecord header,
      Stripes stripes,
      VaultRules rules,
      JoinedParts joined,
      String name,
      Runnable missed) {
    records = new VaultRecords(store, header, name, missed);
    live = new LiveSecrets(records, stripes);
    auditor = new Auditor(records.auditChain(rules.audit(), rules.clock()), null);
    attempts = new PassphraseAttempts(records, auditor, rules.clock());
    life = new SecretLife(records, auditor, rules);
    use = new SecretUse(records, live, life, attempts, rules, joined);
    oneTime = new OneTimeLife(records, auditor, rules);
    limiters = new EnumMap<>(Permission.class);
    whole = this;
    this.rules = rules;
    this.joined = joined;
    for (Map.Entry<Permission, Rate> rate : rules.limits().rates().entrySet()) {
      limiters.put(rate.getKey(), new RateLimiter(rate.getValue(), rules.clock()));
    }
  }

  private Namespace(Namespace whole, Auditor auditor) {
    this.whole = whole;
    this.auditor = auditor;
    records = whole.records;
    live = whole.live;
    attempts = whole.attempts.by(auditor);
    life = whole.life.by(auditor);
    use = new SecretUse(records, live, life, attempts, whole.rules, whole.joined);
    oneTime = whole.oneTime.by(auditor);
    limiters = whole.limiters;
    rules = whole.rules;
    joined = whole.joined;
  }

  /** The same namespace, with all that is kept of it, for somebody who acts. */
  Namespace actingAs(@Nullable String actor) {
    return new Namespace(whole, auditor.actingAs(actor));
  }

  /** Who is said to act. */
  Auditor auditor() {
    return auditor;
  }

  /**
   * Deletes a record that does not open, that of a one-time secret with all that serves it; false
   * if there is none.
   *
   * @param actor who does so, if that is known
   * @throws IllegalArgumentException if it opens
   */
  boolean discard(RecordKey key, @Nullable String actor) {
    // A trail may be too damaged to have an event added.
    Consumer<Supplier<List<Change>>> commit =
        auditor.chain().isOwn(key)
            ? records::commit
            : changes -> auditor.actingAs(actor).commit(Kind.RECORD_DISCARDED, null, 0, changes);
    boolean counts = records.keys().isOf(RecordKind.SECRET, key);
    return records.discard(
        key,
        () -> oneTime.shared().remains(key),
        counts ? changes -> life.count().commitUncounted(commit, changes) : commit);
  }

  VaultRecords records() {
    return records;
  }

  LiveSecrets live() {
    return live;
  }

  SecretLife life() {
    return life;
  }

  SecretUse use() {
    return use;
  }

  OneTimeLife oneTime() {
    return oneTime;
  }

  /** Lets go what is kept of a record that has changed. */
  void forget(RecordKey changed) {
    life.count().forget(changed);
    auditor.chain().forget(changed);
    live.forget(changed);
  }

  /** Lets everything go. */
  void clear() {
    life.count().forget();
    auditor.chain().forget();
    live.clear();
  }

  /** Lets so many calls through that take these permissions, or none. */
  void admit(int more, Permission... calls) {
    if (limiters.isEmpty()) {
      return;
    }
    RateLimiter.admit(
        Stream.of(calls).sorted().map(limiters::get).filter(Objects::nonNull).toList(), more);
  }
}
