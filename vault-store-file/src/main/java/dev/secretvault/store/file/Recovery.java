package dev.secretvault.store.file;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What {@link FileSecretStore} mended: a crash in the middle of a commit leaves a part of it at the
 * end of the log, which is cut off there.
 *
 * <p>Such a commit never returned to its caller. But damage of the last commits looks just the
 * same, which is why the bytes are kept and not thrown away. Nothing reads them, and the next
 * commit that replaces or deletes a record removes the file, as it may hold what that commit is to
 * erase; copy it elsewhere if it is to be looked at.
 *
 * <p>The store notes how far it has acknowledged commits. The note is not forced, so it may be
 * older than the log; if it is newer, commits are lost that did return to their callers: by a disk
 * that did not keep what it was told to force, by damage, or because a copy of the log was put back
 * that is older, or was made while the store was used.
 *
 * @param offset where in the log the cut was made, 0 if none was
 * @param bytes how many bytes were cut off, 0 if none were
 * @param keptIn the file that the bytes are in now, null if none were cut off
 * @param lost how many bytes of acknowledged commits are missing at least, 0 if nothing is known of
 *     such ones
 */
public record Recovery(long offset, long bytes, @Nullable Path keptIn, long lost) {

  static final Recovery NONE = new Recovery(0, 0, null, 0);

  /** The same, of a log that was noted to have more. */
  Recovery losing(long acknowledged) {
    return new Recovery(offset, bytes, keptIn, acknowledged);
  }

  /** Whether anything was cut off. */
  public boolean tornTailCut() {
    return bytes > 0;
  }

  /** Whether acknowledged commits are known to be lost. */
  public boolean acknowledgedLost() {
    return lost > 0;
  }
}
