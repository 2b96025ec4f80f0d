/**
 * The operator's command, {@code secretvault}.
 *
 * <p>Open {@code Main} first.
 */
@NullMarked
package dev.secretvault.cli;

import org.jspecify.annotations.NullMarked;
