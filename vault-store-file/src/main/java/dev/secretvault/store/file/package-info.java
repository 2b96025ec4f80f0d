/**
 * The embedded default store: one directory on one machine.
 *
 * <p>Open {@link dev.secretvault.store.file.FileSecretStore} first. Below it, {@code SharedLog} is
 * the log that several processes share, {@code OpenLog} one file of it, {@code LogReader} reads a
 * log back and believes nothing, {@code Index} knows where each record lies, and {@code Disk} is
 * all that any of them asks of a file system. The bytes are described, normatively, in section 1 of
 * docs/FORMAT.md.
 */
@NullMarked
package dev.secretvault.store.file;

import org.jspecify.annotations.NullMarked;
