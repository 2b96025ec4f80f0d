package dev.secretvault.store.file;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What {@link FileSecretStore} mended: a crash in the middle of a commit leaves a part of it at the
 * end of the log, which is cut off there.
 *
 * <p>Such a commit never returned to its caller. But damage of the very last commit looks just the
 * same, which is why the bytes are kept and not thrown away. Nothing reads them, and the next
 * commit that replaces or deletes a record removes the file, as it may hold what that commit is to
 * erase; copy it elsewhere if it is to be looked at.
 *
 * @param offset where in the log the cut was made, 0 if none was
 * @param bytes how many bytes were cut off, 0 if none were
 * @param keptIn the file that the bytes are in now, null if none were cut off
 */
public record Recovery(long offset, long bytes, @Nullable Path keptIn) {

  static final Recovery NONE = new Recovery(0, 0, null);

  /** Whether anything was cut off. */
  public boolean tornTailCut() {
    return bytes > 0;
  }
}
