package dev.secretvault.store.jdbc;

class ReadCommittedTest extends JdbcStoreContract {
  ReadCommittedTest() {
    super("TRANSACTION_READ_COMMITTED", JdbcOptions.defaults());
  }
}
