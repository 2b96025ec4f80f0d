package dev.secretvault.crypto;

import java.util.Objects;
import java.util.Optional;

/**
 * One of the ways to unlock a vault.
 *
 * @param id tells the slots of a vault apart: 16 hexadecimal digits, drawn when the slot is made
 * @param kind what unlocks it
 * @param uri the name of the external key; empty for other kinds
 */
public record UnlockSlot(String id, Kind kind, Optional<String> uri) {

  /** What unlocks a slot. */
  public enum Kind {
    /** A raw key of 32 bytes. */
    RAW(1),
    /** A passphrase. */
    PASSPHRASE(2),
    /** A key that somebody else keeps. */
    EXTERNAL(3),
    /** Something that only a newer release knows. */
    UNKNOWN(0);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    /** The kind's number in the format. */
    int number() {
      return number;
    }

    static Kind ofNumber(int number) {
      for (Kind kind : values()) {
        if (kind.number == number && kind != UNKNOWN) {
          return kind;
        }
      }
      return UNKNOWN;
    }
  }

  /** Requires all parts. */
  public UnlockSlot {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(uri, "uri");
  }
}
