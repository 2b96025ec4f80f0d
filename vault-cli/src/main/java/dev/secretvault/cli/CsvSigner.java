package dev.secretvault.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Signs a stream of user IDs on all cores and writes the lines in the order they came in. Holds a
 * few blocks at a time, however long the stream is.
 */
final class CsvSigner {

  private final Function<String, String> digest;
  private final Progress progress;

  /**
   * Signs with a function.
   *
   * @param digest makes the digest's text of a user ID; called by several threads
   * @param progress told how far it is
   */
  CsvSigner(Function<String, String> digest, Progress progress) {
    this.digest = digest;
    this.progress = progress;
  }

  private record Pending(int bytes, Future<CsvLines> lines) {}

  /**
   * Signs all lines.
   *
   * @param name what the input is called
   * @return how many there were
   * @throws Refusal if a line is malformed, or the input cannot be read
   * @throws IOException if the output cannot be written
   */
  long sign(InputStream in, String name, OutputStream out) throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    ExecutorService workers = Executors.newFixedThreadPool(cores, CsvSigner::daemon);
    try {
      LineBlocks blocks = new LineBlocks(in);
      Deque<Pending> pending = new ArrayDeque<>();
      long count = 0;
      out.write(CsvLines.HEADER);
      while (true) {
        byte[] block = read(blocks, name);
        if (block != null) {
          pending.add(
              new Pending(block.length, workers.submit(() -> CsvLines.sign(block, digest))));
        }
        // One block more than can be signed at once, so that no core waits for this thread.
        if (block == null || pending.size() > cores) {
          Pending next = pending.poll();
          if (next == null) {
            return count;
          }
          CsvLines lines = await(next.lines());
          count += lines.count();
          if (lines.malformed() != null) {
            throw Refusal.because(name + ", line " + (count + 1) + ": " + lines.malformed());
          }
          lines.csv().writeTo(out);
          progress.advanced(next.bytes(), lines.count());
        }
      }
    } finally {
      stop(workers);
    }
  }

  private static byte @Nullable [] read(LineBlocks blocks, String name) {
    try {
      return blocks.next();
    } catch (IOException e) {
      throw Refusal.because(name + " cannot be read", e);
    }
  }

  private static CsvLines await(Future<CsvLines> lines) {
    try {
      return lines.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.because("interrupted; nothing was written");
    }
  }

  /** Waits, so that nobody uses the vault when its owner closes it. */
  private static void stop(ExecutorService workers) {
    workers.shutdownNow();
    try {
      workers.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "sign");
    thread.setDaemon(true);
    return thread;
  }
}
