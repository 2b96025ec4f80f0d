package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/** {@code -Dsecretvault.life.seed=} repeats it. */
@InModes({Mode.READ_COMMITTED, Mode.SERIALIZABLE, Mode.PORTABLE})
class JdbcRandomLifeTest {
  @Parameter private Mode mode;

  @Test
  void aVault_doesWhatTheModelSays() {
    long seed = Long.getLong("secretvault.life.seed", new Random().nextLong());
    int operations = Integer.getInteger("secretvault.life.operations", 1_000);
    RandomLifeTest.run(seed, 1, JdbcFixtures.newMedium(mode), operations);
  }
}
