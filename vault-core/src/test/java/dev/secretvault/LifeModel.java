package dev.secretvault;

import dev.secretvault.ModelSecret.Kept;
import dev.secretvault.ModelSecret.Wanted;
import dev.secretvault.PutSecret.Outcome;
import dev.secretvault.RandomArguments.Edit;
import dev.secretvault.RandomArguments.Wish;
import dev.secretvault.SecretInfo.Version.State;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The rules of one namespace once more, as plainly as they can be said: no store, no seals, no
 * caches, no races. With a {@link LifeFlaw}, one of them is broken.
 */
final class LifeModel {

  private static final int MAX_LIVE = 16;

  /** What a call is to throw. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The class of the exception. */
    final Class<? extends RuntimeException> with;

    Refused(Class<? extends RuntimeException> with) {
      super(with.getSimpleName(), null, false, false);
      this.with = with;
    }
  }

  private final @Nullable LifeFlaw flaw;

  /** In the order of their creation, which a seed repeats; that of the ids it does not. */
  private final Map<SecretId, ModelSecret> secrets = new LinkedHashMap<>();

  private final Set<String> namesOfTheDead = new HashSet<>();
  private final ModelTime time;
  private long countedThoughSwept;

  LifeModel(@Nullable LifeFlaw flaw, ModelTime time) {
    this.flaw = flaw;
    this.time = time;
  }

  List<SecretId> ids() {
    return List.copyOf(secrets.keySet());
  }

  /** The values that a secret ever had. */
  List<byte[]> valuesOf(SecretId id) {
    ModelSecret secret = secrets.get(id);
    return secret == null ? List.of() : secret.versions.stream().map(Kept::value).toList();
  }

  SecretInfo create(SecretId id, Wanted wanted, long limit) {
    require(time.isToCome(wanted.expiresAt()));
    requireOrder(wanted.notBefore(), wanted.expiresAt());
    long counted =
        secrets.values().stream()
            .filter(s -> s.state != SecretState.REVEALED || flaw == LifeFlaw.REVEALED_COUNTS)
            .count();
    if (counted + countedThoughSwept >= limit + (flaw == LifeFlaw.QUOTA_IS_ONE_MORE ? 1 : 0)) {
      throw new Refused(QuotaExceededException.class);
    }
    requireFree(wanted.name());
    ModelSecret secret = new ModelSecret(wanted, time.now());
    secrets.put(id, secret);
    return secret.info(id);
  }

  private void requireFree(String name) {
    removeIf(name, time::leavesItsName);
    for (ModelSecret other : secrets.values()) {
      boolean kept = other.state != SecretState.REVEALED || flaw != LifeFlaw.REVEAL_FREES_THE_NAME;
      if (other.name.equals(name) && kept) {
        throw new Refused(DuplicateNameException.class);
      }
    }
    if (namesOfTheDead.contains(name)) {
      throw new Refused(DuplicateNameException.class);
    }
  }

  private void removeIf(String name, Predicate<@Nullable Instant> over) {
    secrets.values().removeIf(other -> other.name.equals(name) && over.test(other.expiresAt));
  }

  PutSecret putIfChanged(SecretId id, Wanted wanted, long limit) {
    removeIf(wanted.name(), time::isOver);
    Optional<SecretInfo> there = find(wanted.name());
    if (there.isEmpty()) {
      return new PutSecret(create(id, wanted, limit), Outcome.CREATED);
    }
    SecretInfo put =
        change(
            there.get().id(),
            secret -> {
              requireAlive(secret);
              if (flaw == LifeFlaw.SAME_VALUE_IS_PUT_AGAIN
                  || !Arrays.equals(current(secret).value(), wanted.value())) {
                Kept added = add(secret, wanted.value());
                if (flaw == LifeFlaw.PUTTING_RETIRES_PENDING_VERSIONS) {
                  secret.promote();
                } else {
                  secret.makeCurrent(added);
                }
              }
            });
    return new PutSecret(put, put.equals(there.get()) ? Outcome.UNCHANGED : Outcome.CHANGED);
  }

  SecretInfo rotate(SecretId id, byte[] value) {
    return change(
        id,
        secret -> {
          requireAlive(secret);
          add(secret, value);
          if (flaw == LifeFlaw.PENDING_VERSION_SIGNS) {
            secret.promote();
          }
        });
  }

  private Kept add(ModelSecret secret, byte[] value) {
    if (secret.versions.stream().filter(v -> v.state() != State.RETIRED).count() == MAX_LIVE) {
      throw new Refused(QuotaExceededException.class);
    }
    Kept added = new Kept(secret.versions.size() + 1, State.PENDING, time.now(), value, 0);
    secret.versions.add(added);
    return added;
  }

  SecretInfo activate(SecretId id) {
    return change(
        id,
        secret -> {
          requireNotRevealed(secret);
          if (secret.state == SecretState.INACTIVE || secret.newest(State.PENDING) != null) {
            time.requireNotOver(secret.expiresAt);
            int older = secret.versions.size() - 2;
            Kept pending = secret.newest(State.PENDING);
            secret.state = SecretState.ACTIVE;
            secret.activatedAt = time.now();
            secret.promote();
            if (flaw == LifeFlaw.PENDING_VERSIONS_STAY_AT_ACTIVATION
                && pending != null
                && older > 0) {
              secret.turn(secret.versions.get(older), State.PENDING);
            }
          }
        });
  }

  SecretInfo deactivate(SecretId id) {
    return change(
        id,
        secret -> {
          requireNotRevealed(secret);
          secret.state = SecretState.INACTIVE;
        });
  }

  SecretInfo rollback(SecretId id) {
    return change(
        id,
        secret -> {
          requireAlive(secret);
          Kept previous =
              flaw == LifeFlaw.ROLLBACK_TO_THE_NEWEST_VERSION
                  ? secret.newest(State.PREVIOUS)
                  : secret.before();
          if (previous == null && flaw == LifeFlaw.ROLLBACK_TO_A_RETIRED_VERSION) {
            previous = secret.newest(State.RETIRED);
          }
          require(previous != null);
          secret.makeCurrent(previous);
        });
  }

  SecretInfo retire(SecretId id, int version) {
    return change(
        id,
        secret -> {
          require(version >= 1 && version <= secret.versions.size());
          Kept kept = secret.versions.get(version - 1);
          require(kept.state() != State.CURRENT);
          secret.turn(kept, State.RETIRED);
        });
  }

  SecretInfo update(SecretId id, Edit edit) {
    return change(
        id,
        secret -> {
          if (edit.revision() != null
              && edit.revision() != secret.revision
              && flaw != LifeFlaw.ANY_REVISION_WILL_DO) {
            throw new Refused(StaleRevisionException.class);
          }
          time.requireNotOver(secret.expiresAt);
          Instant formerEnd = secret.expiresAt;
          Instant formerBegin = secret.notBefore;
          if (edit.expiresAt() != null) {
            secret.expiresAt = edit.expiresAt().instant();
          }
          if (edit.notBefore() != null) {
            secret.notBefore = edit.notBefore().instant();
          }
          boolean sameEnd = Objects.equals(formerEnd, secret.expiresAt);
          boolean sameTimes = sameEnd && Objects.equals(formerBegin, secret.notBefore);
          if (!sameTimes && flaw != LifeFlaw.REVEALED_LIVES_LONGER) {
            requireNotRevealed(secret);
          }
          require(sameEnd || time.isToCome(secret.expiresAt));
          requireOrder(secret.notBefore, secret.expiresAt);
          if (edit.description() != null) {
            secret.description = edit.description();
          }
          secret.labels = new TreeMap<>(secret.labels);
          edit.labels()
              .forEach(
                  (key, value) ->
                      value.ifPresentOrElse(
                          set -> secret.labels.put(key, set), () -> secret.labels.remove(key)));
          if (edit.name() != null && !edit.name().equals(secret.name)) {
            requireFree(edit.name());
            if (flaw == LifeFlaw.RENAMING_KEEPS_THE_NAME) {
              namesOfTheDead.add(secret.name);
            }
            secret.name = edit.name();
          }
        });
  }

  boolean delete(SecretId id) {
    ModelSecret gone = secrets.remove(id);
    if (gone != null && flaw == LifeFlaw.DELETION_KEEPS_THE_NAME) {
      namesOfTheDead.add(gone.name);
    }
    return gone != null;
  }

  /** How many secrets it removes. */
  int sweep() {
    List<ModelSecret> over =
        secrets.values().stream().filter(secret -> time.isSwept(secret.expiresAt)).toList();
    if (flaw == LifeFlaw.SWEPT_COUNTS) {
      countedThoughSwept += over.stream().filter(s -> s.state != SecretState.REVEALED).count();
    }
    secrets.values().removeAll(over);
    return over.size();
  }

  SecretInfo describe(SecretId id) {
    return known(id).info(id);
  }

  Optional<SecretInfo> find(String name) {
    return idOf(name).map(this::describe);
  }

  Optional<SecretId> idOf(String name) {
    return secrets.entrySet().stream()
        .filter(entry -> entry.getValue().name.equals(name))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** What is left of the list behind the cursor. */
  List<SecretInfo> list(Wish wish) {
    return secrets.keySet().stream()
        .sorted()
        .filter(id -> wish.after() == null || isBehind(id, wish.after()))
        .map(this::describe)
        .filter(info -> isWanted(info, wish))
        .toList();
  }

  private boolean isBehind(SecretId id, String cursor) {
    int order = id.text().compareTo(cursor);
    return order > 0 || (order == 0 && flaw == LifeFlaw.CURSOR_COMES_AGAIN);
  }

  private boolean isWanted(SecretInfo info, Wish wish) {
    boolean state =
        wish.state() == null
            || wish.state() == info.state()
            || flaw == LifeFlaw.STATE_IS_NOT_FILTERED;
    boolean label = wish.env().isEmpty() || wish.env().equals(info.labels().get("env"));
    return state && label && info.name().startsWith(wish.prefix());
  }

  byte[] reveal(SecretId id) {
    ModelSecret secret = usable(id);
    if (secret.disclosure == Disclosure.AT_CREATION && flaw != LifeFlaw.AT_CREATION_IS_REVEALED) {
      throw new Refused(NotRevealableException.class);
    }
    byte[] value = current(secret).value();
    if (secret.disclosure == Disclosure.ONCE && flaw != LifeFlaw.ONCE_IS_NOT_CONSUMED) {
      secret.state = SecretState.REVEALED;
      secret.revision++;
      secret.versions.replaceAll(v -> v.as(State.RETIRED));
    }
    return value;
  }

  String hmac(SecretId id, String userId) {
    return hmac(current(usable(id)).value(), userId);
  }

  boolean verify(SecretId id, String userId, String digest) {
    try {
      ModelSecret secret = usable(id);
      return secret.versions.stream()
          .filter(
              v ->
                  v.state() == State.CURRENT
                      || (v.state() == State.PREVIOUS
                          && flaw != LifeFlaw.PREVIOUS_VERSION_DOES_NOT_VERIFY)
                      || (v.state() == State.RETIRED && flaw == LifeFlaw.RETIRED_VERSION_VERIFIES))
          .anyMatch(v -> hmac(v.value(), userId).equals(digest));
    } catch (Refused unusable) {
      return false;
    }
  }

  boolean matches(SecretId id, byte[] candidate) {
    try {
      return Arrays.equals(current(usable(id)).value(), candidate);
    } catch (Refused unusable) {
      return false;
    }
  }

  static String hmac(byte[] value, String userId) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(value, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(userId.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private SecretInfo change(SecretId id, Consumer<ModelSecret> step) {
    ModelSecret before = known(id);
    ModelSecret after = new ModelSecret(before);
    step.accept(after);
    if (!after.info(id).equals(before.info(id))) {
      after.revision++;
      secrets.put(id, after);
    }
    return describe(id);
  }

  private ModelSecret known(SecretId id) {
    ModelSecret secret = secrets.get(id);
    if (secret == null) {
      throw new Refused(SecretNotFoundException.class);
    }
    return secret;
  }

  private ModelSecret usable(SecretId id) {
    ModelSecret secret = known(id);
    if (secret.state == SecretState.INACTIVE && flaw != LifeFlaw.INACTIVE_SIGNS) {
      throw new Refused(SecretNotActiveException.class);
    }
    requireNotRevealed(secret);
    time.requireNotOver(secret.expiresAt);
    if (!time.hasBegun(secret.notBefore)) {
      throw new Refused(SecretNotActiveException.class);
    }
    return secret;
  }

  private static Kept current(ModelSecret secret) {
    return secret.versions.stream()
        .filter(v -> v.state() == State.CURRENT)
        .findFirst()
        .orElseThrow(AssertionError::new);
  }

  private static void requireNotRevealed(ModelSecret secret) {
    if (secret.state == SecretState.REVEALED) {
      throw new Refused(AlreadyRevealedException.class);
    }
  }

  private void requireAlive(ModelSecret secret) {
    requireNotRevealed(secret);
    if (flaw != LifeFlaw.EXPIRED_IS_CHANGED) {
      time.requireNotOver(secret.expiresAt);
    }
  }

  private static void requireOrder(@Nullable Instant begin, @Nullable Instant end) {
    require(begin == null || end == null || begin.isBefore(end));
  }

  private static void require(boolean allowed) {
    if (!allowed) {
      throw new Refused(IllegalArgumentException.class);
    }
  }
}
