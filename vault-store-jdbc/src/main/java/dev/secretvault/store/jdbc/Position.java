package dev.secretvault.store.jdbc;

/**
 * Names one commit: the step of a stream. The commits of a stream are made one after the other,
 * each when the outcome of the one before is known, so whoever sees a step sees all before it.
 *
 * @param stream a random number; each thread that commits has one to itself meanwhile
 * @param step counts the commits of the stream from 1
 */
record Position(long stream, long step) {

  Position next() {
    return new Position(stream, step + 1);
  }

  Position previous() {
    return new Position(stream, step - 1);
  }
}
