package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.AuditPolicy;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FileSecretStore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
  }

  private void beginTrail() {
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(cli.vault()))
            .masterKey(MasterKey.fromFile(cli.key()))
            .audit(AuditPolicy.keep(1_000))
            .openExisting()) {
      vault.actingAs("alice").create(SecretSpec.named("web").generated());
    }
  }

  private List<String> shown() {
    return cli.does("audit", "show")
        .out()
        .lines()
        .skip(1)
        .map(line -> line.replaceAll("  \\S+Z", "").replaceAll("  [0-9a-z]{26}", ""))
        .map(line -> line.replaceAll(" +", " ").strip())
        .toList();
  }

  @Test
  void vaultThatKeepsNone_hasNoEvents() {
    cli.creates("web", "secret");
    assertThat(shown()).isEmpty();
    assertThat(cli.does("audit", "verify").line()).isEqualTo("there are no events");
  }

  /** What an operator does is told, too, without being asked for. */
  @Test
  void trail_isShownAndVerified_andHasWhatTheCommandDid() {
    beginTrail();
    cli.does("activate", "web");
    cli.does("keys", "rotate");
    cli.does("delete", "web", "--yes");
    assertThat(shown())
        .containsExactly("1 created 1 alice", "2 activated 1", "3 epoch-begun 2", "4 deleted");
    assertThat(cli.does("audit", "verify").line()).isEqualTo("events 1 to 4 are intact");
  }

  @Test
  void trailThatIsBroken_isRefused_namingTheEvent() {
    beginTrail();
    cli.does("activate", "web");
    try (SecretStore store = FileSecretStore.openExisting(cli.vault())) {
      StoredRecord first =
          store.scan(null, 100).stream()
              .filter(stored -> stored.key().text().contains(".e."))
              .findFirst()
              .orElseThrow();
      store.commit(List.of(Change.delete(first.key(), first.revision())));
    }
    Cli.Answer answer = cli.run("audit", "verify");
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err()).contains("the audit trail is broken: event 1 is missing");
    assertThat(shown()).containsExactly("2 activated 1");
  }
}
