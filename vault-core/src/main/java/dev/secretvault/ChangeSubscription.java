package dev.secretvault;

/**
 * Calls that a handler gets until this is closed: see {@link SecretVault#onChange} and {@link
 * AuditTrail#onEvent}.
 */
public interface ChangeSubscription extends AutoCloseable {

  /** Ends the calls. Does not wait for one that is under way. Closing twice is closing once. */
  @Override
  void close();
}
