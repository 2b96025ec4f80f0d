package dev.secretvault;

import java.text.MessageFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What is logged by the name of a class until this is closed, and then only here. */
final class LogLines extends Handler implements AutoCloseable {

  private final Logger logger;
  private final List<String> said = new CopyOnWriteArrayList<>();

  private LogLines(Logger logger) {
    this.logger = logger;
    logger.addHandler(this);
    logger.setUseParentHandlers(false);
  }

  static LogLines of(Class<?> type) {
    return new LogLines(Logger.getLogger(type.getName()));
  }

  /** What anybody logs. */
  static LogLines ofAll() {
    return new LogLines(Logger.getLogger(""));
  }

  /** The messages so far, each with what was thrown behind it. */
  List<String> said() {
    return said;
  }

  @Override
  public void publish(LogRecord line) {
    String message =
        line.getParameters() == null
            ? line.getMessage()
            : MessageFormat.format(line.getMessage(), line.getParameters());
    said.add(line.getThrown() == null ? message : message + " " + line.getThrown());
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(true);
  }
}
