package dev.secretvault;

import dev.secretvault.Linearizability.Call;
import dev.secretvault.Question.Secret;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Clients that do what they like with a few secrets through several nodes, and what they saw. */
final class HistoryRecorder implements AutoCloseable {

  /** Between two moments of a history there is room for calls that a test puts there. */
  static final int BETWEEN_MOMENTS = 10;

  private static final List<String> NAMES = List.of("a", "b", "c");
  private static final String CREATION = "creation";

  /** A vault that answers from the store. */
  private record Node(SecretVault vault, ForgetfulStore store) {}

  /** A secret that was seen, and its revision then. */
  private record Seen(SecretId id, String creation, long revision) {}

  private final List<Node> nodes = new ArrayList<>();
  private final AtomicLong moments = new AtomicLong();

  /** Opens a vault on each store, as if in as many processes. */
  HistoryRecorder(List<? extends SecretStore> stores) {
    byte[] masterKey = new byte[MasterKey.BYTES];
    Arrays.fill(masterKey, (byte) 7);
    for (SecretStore store : stores) {
      ForgetfulStore forgetful = new ForgetfulStore(store);
      nodes.add(
          new Node(
              SecretVault.builder()
                  .store(forgetful)
                  .masterKey(MasterKey.fromBytes(masterKey))
                  .threads(VaultFixture.IDLE)
                  .open(),
              forgetful));
    }
  }

  /** Records what clients saw that made so many calls each, in a namespace of their own. */
  List<Call> record(String namespace, long seed, int clients, int calls) {
    Queue<Call> history = new ConcurrentLinkedQueue<>();
    Map<String, List<Seen>> seen = new ConcurrentHashMap<>();
    NAMES.forEach(name -> seen.put(name, new CopyOnWriteArrayList<>()));
    Racers.run(
        clients,
        number -> {
          Node node = nodes.get(number % nodes.size());
          Client client = new Client(node, namespace, number, new Random(seed + number), seen);
          for (int i = 0; i < calls; i++) {
            client.call(i, history);
          }
        });
    return List.copyOf(history);
  }

  private long moment() {
    return moments.addAndGet(BETWEEN_MOMENTS);
  }

  /** One that makes one call after the other. */
  private final class Client {
    private final Node node;
    private final String namespace;
    private final int number;
    private final Random random;
    private final Map<String, List<Seen>> seen;

    Client(Node node, String namespace, int number, Random random, Map<String, List<Seen>> seen) {
      this.node = node;
      this.namespace = namespace;
      this.number = number;
      this.random = random;
      this.seen = seen;
    }

    /** Taking the view may ask the store, and so fail. */
    private SecretVault vault() {
      return node.vault.namespace(namespace);
    }

    void call(int turn, Queue<Call> history) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      List<Seen> known = seen.get(name);
      String token = number + "-" + turn;
      // Mostly the last one, as those before it are often gone.
      int back = random.nextInt(4) > 0 ? 1 : 1 + random.nextInt(3);
      Seen one = known.size() < back ? null : known.get(known.size() - back);
      if (one == null || random.nextInt(8) == 0) {
        create(name, token, history);
        return;
      }
      switch (random.nextInt(12)) {
        case 0 -> turn(name, one, SecretState.INACTIVE, history);
        case 1, 2 -> turn(name, one, SecretState.ACTIVE, history);
        case 3, 4 -> update(name, one, token, history);
        case 5 ->
            ask(name, new Question.Delete(one.creation), () -> vault().delete(one.id), history);
        case 6 ->
            find(name, new Question.Find(one.creation), () -> vault().describe(one.id), history);
        case 7, 8 ->
            find(
                name,
                new Question.Find(null),
                () -> vault().find(name).orElseThrow(SecretNotFoundException::new),
                history);
        case 9 -> ask(name, new Question.Reveal(null), () -> text(vault().reveal(name)), history);
        default ->
            ask(
                name,
                new Question.Reveal(one.creation),
                () -> text(vault().reveal(one.id)),
                history);
      }
    }

    private void create(String name, String token, Queue<Call> history) {
      boolean once = random.nextInt(3) > 0;
      boolean active = random.nextBoolean();
      SecretSpec spec =
          SecretSpec.named(name)
              .value(token.toCharArray())
              .label(CREATION, token)
              .disclosure(once ? Disclosure.ONCE : Disclosure.REVEALABLE);
      SecretSpec ready = active ? spec.active() : spec;
      SecretState state = active ? SecretState.ACTIVE : SecretState.INACTIVE;
      find(
          name,
          new Question.Create(new Secret(token, once, state, 1, "")),
          () -> {
            try (CreatedSecret created = vault().create(ready)) {
              return created.info();
            }
          },
          history);
    }

    private void turn(String name, Seen one, SecretState to, Queue<Call> history) {
      find(
          name,
          new Question.Turn(one.creation, to),
          () -> to == SecretState.ACTIVE ? vault().activate(one.id) : vault().deactivate(one.id),
          history);
    }

    private void update(String name, Seen one, String token, Queue<Call> history) {
      find(
          name,
          new Question.Update(one.creation, one.revision, token),
          () ->
              vault()
                  .update(one.id, SecretUpdate.none().description(token).ifRevision(one.revision)),
          history);
    }

    private static String text(SecretValue value) {
      try (value) {
        return VaultFixture.textOf(value);
      }
    }

    /** Asks for something that is answered with what the secret is like. */
    private void find(
        String name, Question question, Supplier<SecretInfo> call, Queue<Call> history) {
      ask(
          name,
          question,
          () -> {
            SecretInfo info = call.get();
            String creation = info.labels().get(CREATION);
            seen.get(name).add(new Seen(info.id(), creation, info.revision()));
            return new Secret(
                creation,
                info.disclosure() == Disclosure.ONCE,
                info.state(),
                info.revision(),
                info.description());
          },
          history);
    }

    private void ask(String name, Question question, Supplier<Object> call, Queue<Call> history) {
      long begun = moment();
      Object answer = answer(call);
      if (answer == Failure.UNKNOWN) {
        history.add(new Call(name, question, null, begun, Linearizability.OPEN));
      } else if (answer != Failure.NOTHING_DONE) {
        history.add(new Call(name, question, answer, begun, moment()));
      }
    }

    private @Nullable Object answer(Supplier<Object> call) {
      try {
        node.store.forget();
        return call.get();
      } catch (StoreFailedException failed) {
        return failed.outcomeKnown() ? Failure.NOTHING_DONE : Failure.UNKNOWN;
      } catch (StaleRevisionException stale) {
        return stale.retryable() ? Failure.NOTHING_DONE : StaleRevisionException.class;
      } catch (SecretNotFoundException
          | DuplicateNameException
          | SecretNotActiveException
          | AlreadyRevealedException
          | IntegrityException refused) {
        return refused.getClass();
      }
    }
  }

  private enum Failure {
    NOTHING_DONE,
    UNKNOWN
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.vault.close());
  }
}
