package dev.secretvault;

import org.jspecify.annotations.Nullable;

/** What an event will say of the commit that it is written in. */
record Act(AuditEvent.Kind kind, @Nullable SecretId secret, int version, @Nullable String actor) {}
