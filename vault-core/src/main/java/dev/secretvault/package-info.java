/**
 * A secret vault that lives inside the process, and the rules of a secret's life.
 *
 * <p>Open {@code SecretVault} first.
 */
@NullMarked
package dev.secretvault;

import org.jspecify.annotations.NullMarked;
