/** The operator's command. */
module dev.secretvault.cli {
  requires dev.secretvault;
  requires dev.secretvault.store.file;
  requires info.picocli;
  requires static org.jspecify;

  opens dev.secretvault.cli to
      info.picocli;
}
