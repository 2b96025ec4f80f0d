package dev.secretvault;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Remembers, elsewhere than in the store, how far a vault has come, so that an older copy of the
 * store which was put back is refused: see {@link VaultBuilder#freshness}.
 *
 * <p>Implementations may keep the mark wherever whoever could put back the store cannot: a file on
 * another machine, a row of a database. They are safe for use by any number of threads and
 * processes at once, interrupted ones too. Whatever they throw fails the call of the vault with
 * {@link StoreFailedException}. Of a change that they fail to note, the outcome counts as unknown,
 * for it is made all the same, so a value that was to be revealed is lost; nobody changes anything
 * more until it is noted.
 */
public interface FreshnessAnchor {

  /**
   * How far a vault has come.
   *
   * @param counter the number of its commits since an anchor was first used, from 1
   * @param id drawn at random for the last of them
   */
  record Mark(long counter, UUID id) {
    /** Requires the id. */
    public Mark {
      Objects.requireNonNull(id, "id");
    }
  }

  /**
   * {@return the mark that was noted last; empty if none ever was} It must not be answered by a
   * replica that lags behind: a vault would take a good store for one with another history.
   */
  Optional<Mark> read();

  /**
   * Notes a mark, durably, if no other was noted since the caller looked: in one step, so that of
   * several that would follow the same mark at most one is noted.
   *
   * @param noted what {@link #read} returned; null if nothing
   * @param next the mark to note
   * @return whether {@code next} is what is noted now, by this call or one before; if not, nothing
   *     was done
   */
  boolean advance(@Nullable Mark noted, Mark next);

  /**
   * Keeps the mark in a file. It serves its purpose only where whoever may put back the store
   * cannot put back that file as well.
   *
   * @param file the file, which is created with the first mark, and replaced by each further one;
   *     if it is a symbolic link, that is done where it leads. Beside it stands a lock file, of the
   *     same name with {@code .lock} behind it, and for moments one with {@code .new}, so where
   *     only a part of a file system is given to a container, that has to be the directory. Each
   *     mark makes the file its writer's own, to be read and written by nobody else
   * @return the anchor; its methods throw {@link java.io.UncheckedIOException} if the file cannot
   *     be read or written, or holds anything else, or if its directory is not there, as where a
   *     file system is not mounted. It is read without the lock: where a file that is open cannot
   *     be replaced, as in older versions of Windows, a reader may make a writer fail. Marks of all
   *     such anchors of a process are noted one after the other, so one that hangs keeps the others
   */
  static FreshnessAnchor inFile(Path file) {
    return new FileFreshnessAnchor(file);
  }
}
