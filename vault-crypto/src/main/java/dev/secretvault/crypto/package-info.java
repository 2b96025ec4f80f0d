/**
 * Keys, sealing, digests and generators. Nothing here knows a store or the rules of a secret's
 * life.
 *
 * <p>Open {@code MasterKey} first.
 */
@NullMarked
package dev.secretvault.crypto;

import org.jspecify.annotations.NullMarked;
