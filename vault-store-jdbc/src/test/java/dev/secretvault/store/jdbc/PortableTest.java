package dev.secretvault.store.jdbc;

/** What an engine is asked for that speaks PostgreSQL's protocol, and no more. */
class PortableTest extends JdbcStoreContract {
  PortableTest() {
    super("TRANSACTION_SERIALIZABLE", JdbcOptions.defaults().portable());
  }
}
