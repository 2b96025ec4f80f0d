package dev.secretvault.store.file;

/**
 * A line of a log is not what a writer writes. Whether that is the trace of a crash or damage is
 * for the reader of the log to say.
 *
 * <p>The message is ours alone: what a parser says quotes what it met.
 */
final class FrameException extends Exception {

  private static final long serialVersionUID = 1L;

  private final String reason;

  FrameException(String reason) {
    super(reason, null, false, false);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
