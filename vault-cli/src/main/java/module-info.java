/** The operator's command. */
module dev.secretvault.cli {
  requires dev.secretvault;
  requires dev.secretvault.store.file;
  requires dev.secretvault.store.jdbc;
  requires info.picocli;
  requires java.naming;
  requires org.postgresql.jdbc;
  requires static org.jspecify;

  opens dev.secretvault.cli to
      info.picocli;
}
