package dev.secretvault.store.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One directory, and all that the store asks of a file system: every call that can fail, and that a
 * test can make fail, is here or in {@link DiskFile}.
 *
 * <p>Neither closes, damages or skips anything because a thread was interrupted.
 */
interface Disk {

  /** Where the directory is, for messages. */
  Path path();

  /** The names of all that the directory holds, in no order. */
  List<String> list() throws IOException;

  /** Opens a file that exists. */
  DiskFile open(String name) throws IOException;

  /** Creates a file that does not exist, for its owner alone. */
  DiskFile create(String name) throws IOException;

  /** Gives a file another name, in one step, in place of whatever had that name. */
  void rename(String from, String to) throws IOException;

  /** Removes a file. */
  void unlink(String name) throws IOException;

  /** Makes what was created, renamed and removed so far outlast a loss of power. */
  void syncDirectory() throws IOException;

  /** Runs a task while nobody else runs one so: no thread, no other store, no other process. */
  <T> T exclusively(Task<T> task) throws IOException;

  /** What is done exclusively. */
  interface Task<T> {
    T run() throws IOException;
  }
}
