package dev.secretvault;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Remembers, elsewhere than in the store, how far a vault has come, so that an older copy of the
 * store which was put back is refused when it is opened: see {@link VaultBuilder#freshness}.
 *
 * <p>Implementations may keep the mark wherever whoever could put back the store cannot: a file on
 * another machine, a row of a database, the counter of a hardware module. They are safe for use by
 * any number of threads and processes at once, interrupted ones too. What they throw while a vault
 * is opened is passed on. Of a change of the vault that they fail to note, the outcome counts as
 * unknown, for it is made all the same, so a value that was to be revealed is lost; from then on
 * nothing is changed until they have noted it.
 */
public interface FreshnessAnchor {

  /**
   * How far a vault has come.
   *
   * @param counter the number of its commits since the anchor was first used, from 1
   * @param digest 64 hexadecimal digits that stand for all of them
   */
  record Mark(long counter, String digest) {
    /** Requires the digest. */
    public Mark {
      Objects.requireNonNull(digest, "digest");
    }
  }

  /** {@return the mark that was noted last; empty if none ever was} */
  Optional<Mark> read();

  /**
   * Notes a mark, durably, unless one with a greater counter was noted before.
   *
   * @param mark the mark
   */
  void advance(Mark mark);

  /**
   * Keeps the mark in a file. It serves its purpose only where whoever may put back the store
   * cannot put back that file as well.
   *
   * @param file the file, which is created with the first mark; beside it stands a lock file, of
   *     the same name with {@code .lock} behind it, and for moments one with {@code .new}
   * @return the anchor; its methods throw {@link java.io.UncheckedIOException} if the file cannot
   *     be read or written, or holds anything else
   */
  static FreshnessAnchor inFile(Path file) {
    return new FileFreshnessAnchor(file);
  }
}
