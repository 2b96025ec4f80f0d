package dev.secretvault.store.jdbc;

import dev.secretvault.store.jdbc.Batch.Held;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Supplier;

/** Makes one attempt to commit. */
interface Writer {

  /**
   * Makes all changes under the name of a position, which is asked for once there is a connection,
   * if every record is stored with the revision expected; else none.
   *
   * @return what was stored before of the records that the batch names
   * @throws SQLException whatever the database says; all changes may have happened or none, see
   *     {@link SqlStates#isRolledBack}
   */
  Map<String, Held> write(Batch batch, Supplier<Position> position) throws SQLException;
}
