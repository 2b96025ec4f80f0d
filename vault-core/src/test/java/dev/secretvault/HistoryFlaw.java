package dev.secretvault;

import dev.secretvault.Linearizability.Call;
import dev.secretvault.Question.Create;
import dev.secretvault.Question.Delete;
import dev.secretvault.Question.Find;
import dev.secretvault.Question.Reveal;
import dev.secretvault.Question.Secret;
import dev.secretvault.Question.Turn;
import dev.secretvault.Question.Update;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What a store that breaks its promise would have clients see. Each spoils a good history. */
enum HistoryFlaw {
  DOUBLE_REVEAL {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      return call.question() instanceof Reveal
              && call.answer() instanceof String value
              && isOnce(value, history)
          ? later(call, new Reveal(value), value)
          : null;
    }
  },
  DOUBLE_REVEAL_AT_ONCE {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      return DOUBLE_REVEAL.after(call, history) == null ? null : call;
    }
  },
  REVEAL_OF_NOTHING {
    @Override
    Call after(Call call, List<Call> history) {
      return later(call, new Reveal(null), "never created");
    }
  },
  REVEAL_BEFORE_CREATION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      Secret made = made(call);
      return made == null
          ? null
          : new Call(
              call.name(), new Reveal(null), made.creation(), call.begun() - 2, call.begun() - 1);
    }
  },
  REVEAL_OF_AN_INACTIVE_ONE {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      Secret made = made(call);
      return made == null
              || made.state() == SecretState.ACTIVE
              || hasBegun(Turn.class, call, history)
          ? null
          : later(call, new Reveal(made.creation()), made.creation());
    }
  },
  REVEAL_AFTER_DELETION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      String gone = deleted(call);
      return gone == null ? null : later(call, new Reveal(gone), gone);
    }
  },
  STALE_READ_AFTER_DELETION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      String gone = deleted(call);
      Secret last = gone == null ? null : lastSeen(gone, call, history);
      return last == null ? null : later(call, new Find(gone), last);
    }
  },
  RESURRECTION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      String gone = deleted(call);
      Secret last = gone == null ? null : lastSeen(gone, call, history);
      return last == null
          ? null
          : later(
              call,
              new Turn(gone, SecretState.ACTIVE),
              last.with(SecretState.ACTIVE, last.revision() + 1));
    }
  },
  DOUBLE_DELETION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      String gone = deleted(call);
      return gone == null ? null : later(call, new Delete(gone), true);
    }
  },
  LOST_CREATION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      return made(call) == null || hasBegun(Delete.class, call, history)
          ? null
          : later(call, new Find(null), SecretNotFoundException.class);
    }
  },
  DOUBLE_CREATION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      Secret other = new Secret("another", false, SecretState.ACTIVE, 1, "");
      return made(call) == null || hasBegun(Delete.class, call, history)
          ? null
          : later(call, new Create(other), other);
    }
  },
  LOST_UPDATE {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      return call.question() instanceof Update && call.answer() instanceof Secret done
          ? later(call, new Find(done.creation()), done.with(done.state(), done.revision() - 1))
          : null;
    }
  },
  UPDATE_OF_A_FORMER_REVISION {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      return call.question() instanceof Update update && call.answer() instanceof Secret done
          ? later(
              call,
              new Update(update.creation(), update.revision(), "another"),
              new Secret(done.creation(), done.once(), done.state(), done.revision(), "another"))
          : null;
    }
  },
  CONSUMED_BY_NOBODY {
    @Override
    @Nullable Call after(Call call, List<Call> history) {
      Secret made = made(call);
      return made == null || hasBegun(Reveal.class, call, history)
          ? null
          : later(call, new Find(made.creation()), made.with(SecretState.REVEALED, 2));
    }
  };

  /** What somebody sees because of the flaw once this call was made; null if it does not show. */
  abstract @Nullable Call after(Call call, List<Call> history);

  /**
   * What a history tells of one name, with the flaw at a place that chance picks; empty if there is
   * none for it.
   */
  Optional<List<Call>> spoil(List<Call> history, Random random) {
    List<Call> calls = new ArrayList<>(history);
    Collections.shuffle(calls, random);
    for (Call call : calls) {
      Call seen = after(call, history);
      if (seen != null) {
        List<Call> spoilt = new ArrayList<>(history);
        spoilt.removeIf(other -> !other.name().equals(seen.name()));
        spoilt.add(seen);
        return Optional.of(spoilt);
      }
    }
    return Optional.empty();
  }

  private static Call later(Call call, Question question, Object answer) {
    long end = Math.min(call.ended(), Long.MAX_VALUE - HistoryRecorder.BETWEEN_MOMENTS);
    return new Call(call.name(), question, answer, end + 1, end + 2);
  }

  private static @Nullable Secret made(Call call) {
    return call.question() instanceof Create create && create.made().equals(call.answer())
        ? create.made()
        : null;
  }

  private static @Nullable String deleted(Call call) {
    return call.question() instanceof Delete delete && Boolean.TRUE.equals(call.answer())
        ? delete.creation()
        : null;
  }

  private static boolean isOnce(String creation, List<Call> history) {
    return history.stream()
        .anyMatch(
            call ->
                call.question() instanceof Create create
                    && create.made().creation().equals(creation)
                    && create.made().once());
  }

  /** Whether such a call of the same name began before this one had ended. */
  private static boolean hasBegun(Class<? extends Question> kind, Call call, List<Call> history) {
    return history.stream()
        .anyMatch(
            other ->
                kind.isInstance(other.question())
                    && other.name().equals(call.name())
                    && other.begun() < call.ended());
  }

  private static @Nullable Secret lastSeen(String creation, Call until, List<Call> history) {
    Secret last = null;
    for (Call call : history) {
      if (call.name().equals(until.name())
          && call.answer() instanceof Secret seen
          && seen.creation().equals(creation)) {
        last = seen;
      }
    }
    return last;
  }
}
