package dev.secretvault;

import dev.secretvault.LifeModel.Refused;
import dev.secretvault.ModelSecret.Wanted;
import dev.secretvault.RandomArguments.Edit;
import dev.secretvault.RandomArguments.Wish;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FakeClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Random operations on vaults over one medium, each compared with what the model says, until the
 * first that differs.
 */
final class RandomLife implements AutoCloseable {

  private static final List<String> NAMESPACES = List.of("", "other");
  private static final SecretId NOBODY = SecretId.of("0".repeat(26));
  private static final int QUOTA = 9;
  private static final int REMEMBERED = 40;

  private final Random random;
  private final RandomArguments arguments;
  private final FakeClock clock = new FakeClock(VaultFixture.START);
  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final Supplier<SecretStore> stores;
  private final List<Opened> vaults = new ArrayList<>();
  private final ModelTime time;
  private final List<LifeModel> models = new ArrayList<>();
  private final List<SecretId> deleted = new ArrayList<>();
  private final Map<String, Integer> outcomes = new TreeMap<>();

  /** A vault and its quota. */
  private record Opened(SecretVault vault, long quota) {}

  /** What an operation works on. */
  private record Place(SecretVault vault, long quota, LifeModel model) {}

  /** The vault and the model answered differently. */
  static final class Divergence extends AssertionError {
    private static final long serialVersionUID = 1L;

    Divergence(String message) {
      super(message);
    }
  }

  /**
   * Opens vaults on the same medium.
   *
   * @param flaw what is wrong with the model, if anything
   */
  RandomLife(long seed, int vaults, Supplier<SecretStore> stores, @Nullable LifeFlaw flaw) {
    random = new Random(seed);
    random.nextBytes(masterKey);
    arguments = new RandomArguments(random, clock);
    this.stores = stores;
    time = new ModelTime(flaw, clock.instant());
    NAMESPACES.forEach(name -> models.add(new LifeModel(flaw, time)));
    while (this.vaults.size() < vaults) {
      this.vaults.add(open());
    }
  }

  private Opened open() {
    long quota = random.nextBoolean() ? QUOTA : Long.MAX_VALUE;
    return new Opened(
        SecretVault.builder()
            .store(stores.get())
            .masterKey(MasterKey.fromBytes(masterKey))
            .clock(clock)
            .threads(VaultFixture.IDLE)
            .limits(VaultLimits.defaults().maxSecrets(quota))
            .open(),
        quota);
  }

  /**
   * Goes on.
   *
   * @return how often each operation had which outcome
   */
  Map<String, Integer> run(int operations) {
    for (int operation = 1; operation <= operations; operation++) {
      try {
        step();
      } catch (Divergence e) {
        throw new Divergence("operation " + operation + ", " + e.getMessage());
      }
    }
    return outcomes;
  }

  private void step() {
    int number = random.nextInt(vaults.size());
    if (arguments.oneIn(400)) {
      vaults.get(number).vault.close();
      vaults.set(number, open());
    }
    Opened opened = vaults.get(number);
    int namespace = random.nextInt(NAMESPACES.size());
    Place place =
        new Place(
            opened.vault.namespace(NAMESPACES.get(namespace)), opened.quota, models.get(namespace));
    int dice = random.nextInt(100);
    if (dice < 6) {
      passTime(place.model);
    } else if (dice < 16) {
      create(place);
    } else if (dice < 20) {
      putIfChanged(place);
    } else if (dice < 50) {
      change(place);
    } else if (dice < 52) {
      delete(place);
    } else if (dice < 53) {
      sweep(place);
    } else if (dice < 65) {
      look(place);
    } else {
      use(place);
    }
  }

  /** To the next moment at which something begins or ends, or just before it, or back. */
  private void passTime(LifeModel model) {
    Instant now = clock.instant();
    Optional<Instant> next =
        model.ids().stream()
            .map(model::describe)
            .flatMap(info -> Arrays.asList(info.expiresAt(), info.notBefore()).stream())
            .filter(moment -> moment != null && moment.isAfter(now.plusMillis(1)))
            .min(Instant::compareTo);
    if (arguments.oneIn(6)) {
      clock.set(now.minusMillis(random.nextInt(60)));
    } else if (next.isPresent() && !arguments.oneIn(4)) {
      clock.set(next.get().minusMillis(random.nextInt(2)));
    } else {
      clock.advance(Duration.ofMillis(random.nextInt(5)));
    }
    time.set(clock.instant());
  }

  /** Of a secret, most often; of one that is gone, or another namespace's, now and then. */
  private SecretId id(LifeModel model) {
    List<SecretId> ids = new ArrayList<>(model.ids());
    if (arguments.oneIn(20)) {
      models.forEach(each -> ids.addAll(each.ids()));
      ids.addAll(deleted);
    }
    return ids.isEmpty() ? NOBODY : arguments.oneOf(ids);
  }

  private void create(Place place) {
    Wanted wanted = arguments.wanted();
    SecretId[] id = {NOBODY};
    byte[][] value = {wanted.value()};
    Object said =
        outcome(
            () -> {
              try (CreatedSecret created = place.vault.create(RandomArguments.toSpec(wanted))) {
                id[0] = created.info().id();
                value[0] = created.value().use(byte[]::clone);
                return created.info();
              }
            });
    compare(
        "create",
        said,
        outcome(() -> place.model.create(id[0], wanted.withValue(value[0]), place.quota)));
  }

  private void putIfChanged(Place place) {
    Wanted random = arguments.wanted();
    Wanted wanted = random.generated() ? random.notGenerated() : random;
    SecretId[] id = {NOBODY};
    Object said =
        outcome(
            () -> {
              PutSecret put = place.vault.putIfChanged(RandomArguments.toSpec(wanted));
              id[0] = put.info().id();
              return put;
            });
    compare(
        "putIfChanged", said, outcome(() -> place.model.putIfChanged(id[0], wanted, place.quota)));
  }

  private void change(Place place) {
    SecretVault vault = place.vault;
    LifeModel model = place.model;
    SecretId id = id(model);
    switch (random.nextInt(12)) {
      case 0, 1, 9, 10 -> both("activate", () -> vault.activate(id), () -> model.activate(id));
      case 2 -> both("deactivate", () -> vault.deactivate(id), () -> model.deactivate(id));
      case 3, 4 -> {
        for (int times = arguments.oneIn(5) ? 6 : 1; times > 0; times--) {
          rotate(place, id);
        }
      }
      case 5 -> both("rollback", () -> vault.rollback(id), () -> model.rollback(id));
      case 6 -> {
        int version = random.nextInt(model.valuesOf(id).size() + 2);
        both("retire", () -> vault.retire(id, version), () -> model.retire(id, version));
      }
      default -> {
        boolean known = model.ids().contains(id);
        Edit edit = arguments.edit(known ? model.describe(id).revision() : 1);
        both(
            "update",
            () -> vault.update(id, RandomArguments.toUpdate(edit)),
            () -> model.update(id, edit));
      }
    }
  }

  private void rotate(Place place, SecretId id) {
    byte[] value = arguments.value();
    both(
        "rotate",
        () -> {
          try (CreatedSecret rotated = place.vault.rotate(id, NewValue.of(value))) {
            return rotated.info();
          }
        },
        () -> place.model.rotate(id, value));
  }

  /** Rather what is of no use any more, so that others live long. */
  private void delete(Place place) {
    List<SecretId> over =
        place.model.ids().stream().filter(each -> isOver(place.model.describe(each))).toList();
    SecretId id = over.isEmpty() || arguments.oneIn(4) ? id(place.model) : arguments.oneOf(over);
    both("delete", () -> place.vault.delete(id), () -> place.model.delete(id));
    deleted.add(id);
    if (deleted.size() > REMEMBERED) {
      deleted.remove(0);
    }
  }

  private void sweep(Place place) {
    int swept = models.stream().mapToInt(LifeModel::sweep).sum();
    time.sweep();
    compare("sweep", place.vault.sweep(), swept);
  }

  private boolean isOver(SecretInfo info) {
    return info.state() == SecretState.REVEALED
        || (info.expiresAt() != null && !info.expiresAt().isAfter(clock.instant()));
  }

  private void look(Place place) {
    switch (random.nextInt(3)) {
      case 0 -> {
        SecretId id = id(place.model);
        both("describe", () -> place.vault.describe(id), () -> place.model.describe(id));
      }
      case 1 -> {
        String name = arguments.name();
        both("find", () -> place.vault.find(name), () -> place.model.find(name));
      }
      default -> {
        List<SecretId> cursors = new ArrayList<>(deleted);
        cursors.addAll(place.model.ids());
        list(place, arguments.wish(cursors));
      }
    }
  }

  private void list(Place place, Wish wish) {
    List<SecretInfo> all = place.model.list(wish);
    Page<SecretInfo> page = place.vault.list(RandomArguments.toQuery(wish));
    List<SecretInfo> first = all.subList(0, Math.min(wish.limit(), all.size()));
    compare("list", page.items(), first);
    if (all.size() > first.size()) {
      String last = first.get(first.size() - 1).id().text();
      compare("list, cursor", page.next(), Optional.of(last));
    }
  }

  private void use(Place place) {
    SecretId id = id(place.model);
    switch (random.nextInt(4)) {
      case 0 ->
          used(place, id, "reveal", RandomLife::reveal, RandomLife::reveal, place.model::reveal);
      case 1 -> {
        String user = arguments.userId();
        used(
            place,
            id,
            "hmac",
            (vault, by) -> vault.hmac(by, user).hex(),
            (vault, by) -> vault.hmac(by, user).hex(),
            by -> place.model.hmac(by, user));
      }
      case 2 -> {
        String user = arguments.userId();
        List<byte[]> values = place.model.valuesOf(id);
        byte[] signedWith = values.isEmpty() ? arguments.value() : arguments.oneOf(values);
        String digest = LifeModel.hmac(signedWith, user);
        used(
            place,
            id,
            "verify",
            (vault, by) -> vault.verify(by, user, digest),
            (vault, by) -> vault.verify(by, user, digest),
            by -> place.model.verify(by, user, digest));
      }
      default -> {
        byte[] value = arguments.value();
        used(
            place,
            id,
            "matches",
            (vault, by) -> vault.matches(by, value),
            (vault, by) -> vault.matches(by, value),
            by -> place.model.matches(by, value));
      }
    }
  }

  /** By the id, or by a name, which may be any. */
  private void used(
      Place place,
      SecretId id,
      String operation,
      BiFunction<SecretVault, SecretId, Object> byId,
      BiFunction<SecretVault, String, Object> byName,
      Function<SecretId, Object> said) {
    if (random.nextBoolean()) {
      both(operation, () -> byId.apply(place.vault, id), () -> said.apply(id));
    } else {
      String name = arguments.name();
      both(
          operation + " by name",
          () -> byName.apply(place.vault, name),
          () -> said.apply(place.model.idOf(name).orElse(NOBODY)));
    }
  }

  private static String reveal(SecretVault vault, SecretId id) {
    try (SecretValue value = vault.reveal(id)) {
      return value.useChars(String::new);
    }
  }

  private static String reveal(SecretVault vault, String name) {
    try (SecretValue value = vault.reveal(name)) {
      return value.useChars(String::new);
    }
  }

  private void both(String operation, Supplier<Object> vault, Supplier<Object> model) {
    compare(operation, outcome(vault), outcome(model));
  }

  private void compare(String operation, Object vault, Object model) {
    Object expected =
        model instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : model;
    if (!vault.equals(expected)) {
      throw new Divergence(operation + ": " + shown(expected) + " expected, but " + shown(vault));
    }
    outcomes.merge(operation + ": " + shown(vault), 1, Integer::sum);
  }

  private static String shown(Object outcome) {
    return outcome instanceof Class<?> refusal
        ? refusal.getSimpleName()
        : outcome instanceof Integer number
            ? number == 0 ? "none" : "some"
            : outcome instanceof Boolean ? outcome.toString() : outcome.getClass().getSimpleName();
  }

  private static Object outcome(Supplier<Object> call) {
    try {
      return call.get();
    } catch (Refused e) {
      return e.with;
    } catch (VaultException | IllegalArgumentException e) {
      return e.getClass();
    }
  }

  @Override
  public void close() {
    vaults.forEach(opened -> opened.vault.close());
  }
}
