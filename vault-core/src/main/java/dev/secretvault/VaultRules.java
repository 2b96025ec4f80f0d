package dev.secretvault;

/** What a vault was told when it was opened. */
record VaultRules(NamePolicy names, VaultLimits limits, VaultClock clock) {}
