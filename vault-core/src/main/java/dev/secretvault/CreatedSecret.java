package dev.secretvault;

/**
 * A secret that was just created, with its value. For {@link Disclosure#AT_CREATION} this is the
 * only time that the value is seen. Closing it overwrites the value. Not thread-safe; whoever
 * called {@code create} closes it.
 */
public final class CreatedSecret implements AutoCloseable {

  private final SecretInfo info;
  private final SecretValue value;

  CreatedSecret(SecretInfo info, SecretValue value) {
    this.info = info;
    this.value = value;
  }

  /** {@return the secret without its value; may be used after {@link #close}} */
  public SecretInfo info() {
    return info;
  }

  /** {@return the value, owned by this object and closed with it} */
  public SecretValue value() {
    return value;
  }

  /** Overwrites the value. Closing twice is closing once. */
  @Override
  public void close() {
    value.close();
  }

  /** Says nothing of the value. */
  @Override
  public String toString() {
    return "CreatedSecret[" + info.id() + "]";
  }
}
