package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * What a client asks of the secret of one name, and what the rules say to it: of any secret there
 * is one right answer.
 */
sealed interface Question {

  /** What is so afterwards, and the answer: what the secret is then, its value, or a refusal. */
  record Step(@Nullable Secret next, Object answer) {}

  Step ask(@Nullable Secret now);

  /**
   * A secret of the name.
   *
   * @param creation which one: what only this one was created with, and its value
   * @param text what the last update made of its description
   */
  record Secret(String creation, boolean once, SecretState state, long revision, String text) {

    Secret next(SecretState nextState, String nextText) {
      return new Secret(creation, once, nextState, revision + 1, nextText);
    }

    Secret with(SecretState otherState, long otherRevision) {
      return new Secret(creation, once, otherState, otherRevision, text);
    }

    static boolean isThere(@Nullable Secret now, @Nullable String creation) {
      return now != null && (creation == null || creation.equals(now.creation));
    }
  }

  private static Step stays(@Nullable Secret now, Object answer) {
    return new Step(now, answer);
  }

  private static Step becomes(Secret next) {
    return new Step(next, next);
  }

  /** Creates the secret. */
  record Create(Secret made) implements Question {
    @Override
    public Step ask(@Nullable Secret now) {
      return now == null ? becomes(made) : stays(now, DuplicateNameException.class);
    }
  }

  /** Activates one secret, or deactivates it. */
  record Turn(String creation, SecretState to) implements Question {
    @Override
    public Step ask(@Nullable Secret now) {
      if (!Secret.isThere(now, creation)) {
        return stays(now, SecretNotFoundException.class);
      }
      if (now.state() == SecretState.REVEALED) {
        return stays(now, AlreadyRevealedException.class);
      }
      return now.state() == to ? stays(now, now) : becomes(now.next(to, now.text()));
    }
  }

  /** Changes what is said of one secret, if it has this revision. */
  record Update(String creation, long revision, String text) implements Question {
    @Override
    public Step ask(@Nullable Secret now) {
      if (!Secret.isThere(now, creation)) {
        return stays(now, SecretNotFoundException.class);
      }
      return now.revision() == revision
          ? becomes(now.next(now.state(), text))
          : stays(now, StaleRevisionException.class);
    }
  }

  /** Reveals one secret, or whichever has the name. */
  record Reveal(@Nullable String creation) implements Question {
    @Override
    public Step ask(@Nullable Secret now) {
      if (!Secret.isThere(now, creation)) {
        return stays(now, SecretNotFoundException.class);
      }
      return switch (now.state()) {
        case INACTIVE -> stays(now, SecretNotActiveException.class);
        case REVEALED -> stays(now, AlreadyRevealedException.class);
        case ACTIVE ->
            new Step(now.once() ? now.next(SecretState.REVEALED, now.text()) : now, now.creation());
      };
    }
  }

  /** Asks what one secret is like, or whichever has the name. */
  record Find(@Nullable String creation) implements Question {
    @Override
    public Step ask(@Nullable Secret now) {
      return Secret.isThere(now, creation)
          ? stays(now, now)
          : stays(now, SecretNotFoundException.class);
    }
  }

  /** Deletes one secret. */
  record Delete(String creation) implements Question {
    @Override
    public Step ask(@Nullable Secret now) {
      return Secret.isThere(now, creation) ? new Step(null, true) : stays(now, false);
    }
  }
}
