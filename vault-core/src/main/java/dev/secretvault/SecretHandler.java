package dev.secretvault;

import dev.secretvault.store.RecordKey;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Somebody who wants to know of changes of the secret of one name. Gets the latest state. */
final class SecretHandler extends ChangeHandler {

  private final VaultRecords records;
  private final String name;
  private final RecordKey nameKey;
  private final Consumer<Optional<SecretInfo>> handler;

  /** Of the secret that has the name, or had it when that was looked up last. */
  private volatile @Nullable RecordKey secretKey;

  /** Whether the handler knows of what follows. Of its own thread only, as is that. */
  private boolean told;

  private Optional<SecretInfo> latest = Optional.empty();

  SecretHandler(
      VaultRecords records,
      String name,
      BooleanSupplier wanted,
      Consumer<Optional<SecretInfo>> handler,
      Consumer<ChangeHandler> ended) {
    super(wanted, ended);
    this.records = records;
    this.name = name;
    this.nameKey = records.nameKey(name);
    this.handler = handler;
  }

  @Override
  boolean concerns(Set<RecordKey> keys) {
    RecordKey secret = secretKey;
    return keys.contains(nameKey) || (secret != null && keys.contains(secret));
  }

  @Override
  boolean look() {
    Optional<SecretInfo> now;
    try {
      now = current();
    } catch (Throwable unreadable) {
      // Not even an Error may end the thread.
      report("a secret whose changes are handled cannot be read", unreadable);
      return false;
    }
    if ((told && isSame(latest, now)) || !isWanted()) {
      return true;
    }
    told = false; // Whatever comes of it, the handler may have made something of it.
    if (!tell(() -> handler.accept(now))) {
      return false;
    }
    told = true;
    latest = now;
    return true;
  }

  /** The key first: a change of the secret behind that is reported, one before it is read. */
  private Optional<SecretInfo> current() {
    Optional<SecretId> id = records.name(nameKey);
    secretKey = id.map(records::secretKey).orElse(null);
    return id.flatMap(records::secret).filter(info -> info.name().equals(name));
  }

  /** Whether nothing differs but the revision, which grows when the record is sealed anew. */
  private static boolean isSame(Optional<SecretInfo> one, Optional<SecretInfo> other) {
    return one.map(SecretInfo::id).equals(other.map(SecretInfo::id))
        && Arrays.equals(
            one.map(SecretCodec::encode).orElse(null), other.map(SecretCodec::encode).orElse(null));
  }
}
