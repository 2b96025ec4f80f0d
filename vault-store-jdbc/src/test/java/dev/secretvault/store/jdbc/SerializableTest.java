package dev.secretvault.store.jdbc;

class SerializableTest extends JdbcStoreContract {
  SerializableTest() {
    super("TRANSACTION_SERIALIZABLE", JdbcOptions.defaults());
  }
}
