package dev.secretvault;

import dev.secretvault.VaultLimits.Rate;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** A namespace of an open vault: its records, their rules, and how often it may be called. */
final class Namespace {

  private final VaultRecords records;
  private final LiveSecrets live;
  private final SecretLife life;
  private final SecretUse use;
  private final OneTimeLife oneTime;
  private final Map<Permission, RateLimiter> limiters = new EnumMap<>(Permission.class);

  Namespace(
      SecretStore store,
      HeaderRecord header,
      Stripes stripes,
      VaultRules rules,
      String name,
      Runnable missed) {
    records = new VaultRecords(store, header, name, missed);
    live = new LiveSecrets(records, stripes);
    life = new SecretLife(records, rules);
    use = new SecretUse(records, live, life, rules);
    oneTime = new OneTimeLife(records, rules);
    for (Map.Entry<Permission, Rate> rate : rules.limits().rates().entrySet()) {
      limiters.put(rate.getKey(), new RateLimiter(rate.getValue(), rules.clock()));
    }
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
    live.forget(changed);
  }

  /** Lets everything go. */
  void clear() {
    life.count().forget();
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
