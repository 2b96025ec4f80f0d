/** PostgreSQL as a store, for many nodes. */
module dev.secretvault.store.jdbc {
  requires transitive dev.secretvault.store;
  requires transitive java.sql;
  requires static org.postgresql.jdbc;
  requires static transitive org.jspecify;

  exports dev.secretvault.store.jdbc;
}
