package dev.secretvault.store.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A disk that tells a hook about every call before it happens. */
final class HookedDisk implements Disk {

  /** What can be asked of a disk. */
  enum Call {
    LIST,
    OPEN,
    CREATE,
    RENAME,
    UNLINK,
    SYNC_DIRECTORY,
    SIZE,
    READ,
    WRITE,
    TRUNCATE,
    SYNC,
    IS_NAMED
  }

  /** Called before each call, and throws to make it fail. */
  interface Hook {
    /** Sees a call, of the file of that name, with the bytes that are to be written. */
    void before(Call call, String name, long position, byte[] bytes) throws IOException;
  }

  private static final byte[] NOTHING = {};

  private final Disk disk;
  private final Hook hook;

  HookedDisk(Disk disk, Hook hook) {
    this.disk = disk;
    this.hook = hook;
  }

  private void before(Call call, String name) throws IOException {
    hook.before(call, name, 0, NOTHING);
  }

  @Override
  public Path path() {
    return disk.path();
  }

  @Override
  public List<String> list() throws IOException {
    before(Call.LIST, "");
    return disk.list();
  }

  @Override
  public DiskFile open(String name) throws IOException {
    before(Call.OPEN, name);
    return new HookedFile(name, disk.open(name));
  }

  @Override
  public DiskFile create(String name) throws IOException {
    before(Call.CREATE, name);
    return new HookedFile(name, disk.create(name));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    before(Call.RENAME, from);
    disk.rename(from, to);
  }

  @Override
  public void unlink(String name) throws IOException {
    before(Call.UNLINK, name);
    disk.unlink(name);
  }

  @Override
  public void syncDirectory() throws IOException {
    before(Call.SYNC_DIRECTORY, "");
    disk.syncDirectory();
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
      before(Call.SIZE, name);
      return file.size();
    }

    @Override
    public int readAt(long position, byte[] buffer, int offset, int length) throws IOException {
      before(Call.READ, name);
      return file.readAt(position, buffer, offset, length);
    }

    @Override
    public void writeAt(long position, byte[] bytes) throws IOException {
      hook.before(Call.WRITE, name, position, bytes);
      file.writeAt(position, bytes);
    }

    @Override
    public void truncate(long size) throws IOException {
      before(Call.TRUNCATE, name);
      file.truncate(size);
    }

    @Override
    public void sync() throws IOException {
      before(Call.SYNC, name);
      file.sync();
    }

    @Override
    public boolean isNamed() throws IOException {
      before(Call.IS_NAMED, name);
      return file.isNamed();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
