package dev.secretvault.store.file;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A disk in memory that knows what would survive a loss of power: of a file what was forced, of the
 * directory the names that were there when it was forced.
 *
 * <p>A force that fails loses what it should have written, as Linux does: it stays readable, a
 * later force succeeds, and still only what was written in between reaches the disk.
 */
final class SimulatedDisk implements Disk {

  private final Map<String, Node> names = new TreeMap<>();
  private Map<String, Node> durableNames = new TreeMap<>();
  private boolean forcesCommits = true;
  private boolean forcesDirectory = true;
  private boolean writesThrough;
  private final ReentrantLock directory = new ReentrantLock();

  /** Makes every force of a file a lie once the file has its final name. */
  SimulatedDisk neverForcingCommits() {
    forcesCommits = false;
    return this;
  }

  /** Makes every force of the directory a lie. */
  SimulatedDisk neverForcingTheDirectory() {
    forcesDirectory = false;
    return this;
  }

  /** Makes every write durable at once, as a disk may that is not asked to force. */
  SimulatedDisk writingThrough() {
    writesThrough = true;
    return this;
  }

  /** The disk as the next process finds it if this one is killed now. */
  synchronized SimulatedDisk afterKill() {
    SimulatedDisk disk = new SimulatedDisk();
    Map<Node, Node> copies = new HashMap<>();
    names.forEach(
        (name, node) ->
            disk.names.put(name, copies.computeIfAbsent(node, original -> new Node(original))));
    durableNames.forEach(
        (name, node) ->
            disk.durableNames.put(
                name, copies.computeIfAbsent(node, original -> new Node(original))));
    disk.forcesCommits = forcesCommits;
    disk.forcesDirectory = forcesDirectory;
    disk.writesThrough = writesThrough;
    return disk;
  }

  /** The disk as it comes back after a loss of power now, with nothing that was not forced. */
  synchronized SimulatedDisk afterPowerLoss() {
    SimulatedDisk disk = new SimulatedDisk();
    durableNames.forEach((name, node) -> disk.put(name, node.durable));
    return disk;
  }

  /**
   * The disk after a loss of power, if of one file some unforced bytes were written all the same.
   */
  synchronized SimulatedDisk afterPowerLoss(String name, byte[] content) {
    SimulatedDisk disk = afterPowerLoss();
    disk.put(name, content);
    return disk;
  }

  synchronized SimulatedDisk put(String name, byte[] content) {
    Node node = new Node();
    node.cached = content.clone();
    node.durable = content.clone();
    names.put(name, node);
    durableNames.put(name, node);
    return this;
  }

  synchronized byte[] content(String name) {
    return names.get(name).cached.clone();
  }

  synchronized byte[] durableContent(String name) {
    return names.get(name).durable.clone();
  }

  @Override
  public Path path() {
    return Path.of("/simulated");
  }

  @Override
  public synchronized List<String> list() {
    return new ArrayList<>(names.keySet());
  }

  @Override
  public synchronized DiskFile open(String name) throws IOException {
    return new OpenFile(name, existing(name));
  }

  @Override
  public synchronized DiskFile create(String name) throws IOException {
    Node node = new Node();
    if (names.putIfAbsent(name, node) != null) {
      throw new FileAlreadyExistsException(name);
    }
    return new OpenFile(name, node);
  }

  @Override
  public synchronized void rename(String from, String to) throws IOException {
    names.put(to, existing(from));
    names.remove(from);
  }

  @Override
  public synchronized void unlink(String name) throws IOException {
    existing(name);
    names.remove(name);
  }

  @Override
  public synchronized void syncDirectory() {
    if (forcesDirectory) {
      durableNames = new TreeMap<>(names);
    }
  }

  @Override
  public <T> T exclusively(Task<T> task) throws IOException {
    directory.lock();
    try {
      return task.run();
    } finally {
      directory.unlock();
    }
  }

  /** Whether this thread has the directory to itself. */
  boolean isHeld() {
    return directory.isHeldByCurrentThread();
  }

  private Node existing(String name) throws IOException {
    Node node = names.get(name);
    if (node == null) {
      throw new NoSuchFileException(name);
    }
    return node;
  }

  /** What is called when a force was made to fail. */
  synchronized void loseUnforced(String name) {
    names.get(name).dirty.clear();
  }

  private static final class Node {
    private byte[] cached = {};
    private byte[] durable = {};
    private final BitSet dirty = new BitSet();

    Node() {}

    Node(Node original) {
      cached = original.cached.clone();
      durable = original.durable.clone();
      dirty.or(original.dirty);
    }
  }

  private final class OpenFile implements DiskFile {
    private final String name;
    private final Node node;
    private boolean closed;

    OpenFile(String name, Node node) {
      this.name = name;
      this.node = node;
    }

    private void checkOpen() throws IOException {
      if (closed) {
        throw new IOException("Stream Closed");
      }
    }

    @Override
    public long size() throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        return node.cached.length;
      }
    }

    @Override
    public int readAt(long position, byte[] buffer, int offset, int length) throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        int count = (int) Math.max(0, Math.min(length, node.cached.length - position));
        if (count > 0) {
          System.arraycopy(node.cached, (int) position, buffer, offset, count);
        }
        return count;
      }
    }

    @Override
    public void writeAt(long position, byte[] bytes) throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        int end = (int) position + bytes.length;
        node.cached = Arrays.copyOf(node.cached, Math.max(node.cached.length, end));
        System.arraycopy(bytes, 0, node.cached, (int) position, bytes.length);
        node.dirty.set((int) position, end);
        if (writesThrough) {
          node.durable = Arrays.copyOf(node.durable, Math.max(node.durable.length, end));
          System.arraycopy(bytes, 0, node.durable, (int) position, bytes.length);
        }
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        node.cached = Arrays.copyOf(node.cached, (int) size);
        node.dirty.clear((int) size, Integer.MAX_VALUE);
        if (writesThrough) {
          node.durable = Arrays.copyOf(node.durable, Math.min(node.durable.length, (int) size));
        }
      }
    }

    @Override
    public void sync() throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        if (forcesCommits || name.endsWith(".tmp")) {
          node.durable = Arrays.copyOf(node.durable, node.cached.length);
          node.dirty.stream().forEach(i -> node.durable[i] = node.cached[i]);
          node.dirty.clear();
        }
      }
    }

    @Override
    public boolean isNamed(long position, byte[] written) throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        Node named = names.get(name);
        int end = (int) position + written.length;
        return named != null
            && named.cached.length >= end
            && Arrays.equals(written, Arrays.copyOfRange(named.cached, (int) position, end));
      }
    }

    @Override
    public boolean isNamed() throws IOException {
      synchronized (SimulatedDisk.this) {
        checkOpen();
        return names.get(name) == node;
      }
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
