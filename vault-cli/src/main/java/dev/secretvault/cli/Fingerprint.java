package dev.secretvault.cli;

import dev.secretvault.store.StoredRecord;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a store holds, in few bytes: two that have the same hold the same.
 *
 * @param records how many there are
 * @param digest an HMAC-SHA-256 over all of each record, in their order
 */
record Fingerprint(long records, String digest) {

  private static final String ALGORITHM = "HmacSHA256";
  private static final long NEVER = -1;

  /** Takes the fingerprints that are to be compared, under a key that nobody can know before. */
  static final class Taker {
    private final byte[] key = new byte[32];

    Taker() {
      new SecureRandom().nextBytes(key);
    }

    /** Reads all records. */
    Fingerprint of(Records records, Progress progress) {
      Mac mac = mac();
      long count = 0;
      for (StoredRecord next = records.next(); next != null; next = records.next()) {
        add(mac, next);
        count++;
        progress.advanced(next.bytes().length, 1);
        records.advance();
      }
      return new Fingerprint(count, HexFormat.of().formatHex(mac.doFinal()));
    }

    private Mac mac() {
      try {
        Mac mac = Mac.getInstance(ALGORITHM);
        mac.init(new SecretKeySpec(key, ALGORITHM));
        return mac;
      } catch (GeneralSecurityException everyJavaHasIt) {
        throw new IllegalStateException(everyJavaHasIt);
      }
    }

    /** Each part that varies in length is preceded by it, so no two records read alike. */
    private static void add(Mac mac, StoredRecord record) {
      Instant expiresAt = record.expiresAt();
      String key = record.key().text();
      ByteBuffer head = ByteBuffer.allocate(2 * Integer.BYTES + 2 * Long.BYTES + key.length());
      head.putInt(key.length());
      key.chars().forEach(c -> head.put((byte) c));
      head.putLong(record.revision());
      head.putLong(expiresAt == null ? NEVER : expiresAt.toEpochMilli());
      head.putInt(record.bytes().length);
      mac.update(head.array());
      mac.update(record.bytes());
    }
  }
}
