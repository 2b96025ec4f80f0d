package dev.secretvault;

import java.time.InstantSource;

/** What a vault was told when it was opened. */
record VaultRules(NamePolicy names, VaultLimits limits, InstantSource clock) {}
