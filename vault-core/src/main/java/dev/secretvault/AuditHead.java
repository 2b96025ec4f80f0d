package dev.secretvault;

import java.time.Instant;

/**
 * Where an audit trail begins and ends, and what it keeps.
 *
 * @param revision of the record; 0 if it is still to be written
 * @param first the number of the oldest event kept; one more than {@code last} if there is none
 * @param last the number of the newest event; 0 if there was none yet
 * @param firstAt when the oldest event was written, or earlier
 * @param macBeforeFirst that of the event before the oldest one; zeros if there was none
 * @param macOfLast that of the newest event; zeros if there was none
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record AuditHead(
    long revision,
    long first,
    long last,
    Instant firstAt,
    AuditPolicy policy,
    byte[] macBeforeFirst,
    byte[] macOfLast) {}
