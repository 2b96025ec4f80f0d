package dev.secretvault;

/** What has become of a one-time secret. All but {@link #NEW} are final. */
public enum OneTimeState {
  /** Nobody has seen it, and whoever has the link can. */
  NEW,
  /** The link was used: its value was revealed, and is gone. */
  REVEALED,
  /** It was burned by its receipt, unseen. */
  BURNED,
  /** Its time was over before anybody saw it. */
  EXPIRED,
  /** Its value is gone though nobody took it: the store has lost or was robbed of it. */
  ORPHANED
}
