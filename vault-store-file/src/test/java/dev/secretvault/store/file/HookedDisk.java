package dev.secretvault.store.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A disk that leads every call through a hook. */
final class HookedDisk implements Disk {

  /** What can be asked of a disk. */
  enum Call {
    LIST,
    OPEN,
    CREATE,
    RENAME,
    UNLINK,
    SYNC_DIRECTORY,
    LOCK,
    SIZE,
    READ,
    WRITE,
    TRUNCATE,
    SYNC,
    IS_NAMED
  }

  /** Performs a call, or fails it. */
  interface Hook {
    /**
     * Stands around a call.
     *
     * @param name the file, empty for calls that concern none
     */
    <T> T around(Call call, String name, Operation<T> operation) throws IOException;

    /** Stands around a read. */
    default <T> T aroundRead(String name, int length, Operation<T> operation) throws IOException {
      return around(Call.READ, name, operation);
    }

    /** Stands around all that is done while nobody else has the directory. */
    default <T> T aroundHold(Operation<T> operation) throws IOException {
      return operation.run();
    }

    /** Stands around a write. */
    default void aroundWrite(String name, long position, byte[] bytes, Operation<Void> operation)
        throws IOException {
      around(Call.WRITE, name, operation);
    }
  }

  /** The call itself. */
  interface Operation<T> {
    T run() throws IOException;
  }

  private interface Action {
    void run() throws IOException;
  }

  private final Disk disk;
  private final Hook hook;

  HookedDisk(Disk disk, Hook hook) {
    this.disk = disk;
    this.hook = hook;
  }

  private static Operation<Void> returningNothing(Action action) {
    return () -> {
      action.run();
      return null;
    };
  }

  private void around(Call call, String name, Action action) throws IOException {
    hook.around(call, name, returningNothing(action));
  }

  @Override
  public Path path() {
    return disk.path();
  }

  @Override
  public List<String> list() throws IOException {
    return hook.around(Call.LIST, "", disk::list);
  }

  @Override
  public DiskFile open(String name) throws IOException {
    return new HookedFile(name, hook.around(Call.OPEN, name, () -> disk.open(name)));
  }

  @Override
  public DiskFile create(String name) throws IOException {
    return new HookedFile(name, hook.around(Call.CREATE, name, () -> disk.create(name)));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    around(Call.RENAME, from, () -> disk.rename(from, to));
  }

  @Override
  public void unlink(String name) throws IOException {
    around(Call.UNLINK, name, () -> disk.unlink(name));
  }

  @Override
  public void syncDirectory() throws IOException {
    around(Call.SYNC_DIRECTORY, "", disk::syncDirectory);
  }

  @Override
  public <T> T exclusively(Task<T> task) throws IOException {
    around(Call.LOCK, "", () -> {});
    return disk.exclusively(() -> hook.aroundHold(task::run));
  }

  private final class HookedFile implements DiskFile {
    private final String name;
    private final DiskFile file;

    HookedFile(String name, DiskFile file) {
      this.name = name;
      this.file = file;
    }

    @Override
    public long size() throws IOException {
      return hook.around(Call.SIZE, name, file::size);
    }

    @Override
    public int readAt(long position, byte[] buffer, int offset, int length) throws IOException {
      return hook.aroundRead(name, length, () -> file.readAt(position, buffer, offset, length));
    }

    @Override
    public void writeAt(long position, byte[] bytes) throws IOException {
      hook.aroundWrite(
          name, position, bytes, returningNothing(() -> file.writeAt(position, bytes)));
    }

    @Override
    public void truncate(long size) throws IOException {
      around(Call.TRUNCATE, name, () -> file.truncate(size));
    }

    @Override
    public void sync() throws IOException {
      around(Call.SYNC, name, file::sync);
    }

    @Override
    public boolean isNamed() throws IOException {
      return hook.around(Call.IS_NAMED, name, file::isNamed);
    }

    @Override
    public boolean isNamed(long position, byte[] written) throws IOException {
      return hook.around(Call.IS_NAMED, name, () -> file.isNamed(position, written));
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
