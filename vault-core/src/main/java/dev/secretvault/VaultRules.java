package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * What a vault was told when it was opened.
 *
 * @param audit what an audit trail keeps; null if it was not told to keep one
 */
record VaultRules(
    NamePolicy names, VaultLimits limits, VaultClock clock, @Nullable AuditPolicy audit) {}
