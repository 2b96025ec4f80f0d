package dev.secretvault.store.file;

/**
 * What reading a log to its end came to.
 *
 * @param last where the last good frame begins, equal to {@code end} if there is none
 * @param end where the last good frame ends
 * @param torn how many bytes a crash left behind the last good frame
 */
record Replayed(long last, long end, int torn) {}
