package dev.secretvault;

import dev.secretvault.crypto.CryptoException;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreFormatException;
import java.util.Optional;
import java.util.function.Supplier;

/** The edge of the vault to the store and to the keys: their exceptions become its own here. */
final class Failures {

  private Failures() {}

  /** Runs a call of the store or of the keys. */
  static <T> T translated(Supplier<T> call) {
    try {
      return call.get();
    } catch (StoreCorruptException e) {
      throw new IntegrityException(messageOf(e), e);
    } catch (StoreFormatException e) {
      throw new UnsupportedFormatException(messageOf(e), e);
    } catch (StoreException e) {
      throw new StoreFailedException(e);
    } catch (CryptoException e) {
      throw switch (e.reason()) {
        case WRONG_KEY -> new WrongMasterKeyException(messageOf(e), e);
        case KEY_UNAVAILABLE -> new MasterKeyUnavailableException(messageOf(e), e);
        case DAMAGED, UNKNOWN_EPOCH -> new IntegrityException(messageOf(e), e);
        case NEWER_FORMAT -> new UnsupportedFormatException(messageOf(e), e);
        case STILL_NEEDED -> new KeyInUseException(messageOf(e), e);
        case LIMIT_REACHED -> new QuotaExceededException(messageOf(e), e);
      };
    }
  }

  /** Runs a call of the store or of the keys that gives nothing back. */
  static void translated(Runnable call) {
    translated(
        () -> {
          call.run();
          return call;
        });
  }

  /** The one record that a store could not read; empty if that is not what failed. */
  static Optional<RecordKey> unreadRecord(VaultException failure) {
    return failure.getCause() instanceof StoreException cause ? cause.record() : Optional.empty();
  }

  private static String messageOf(RuntimeException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
