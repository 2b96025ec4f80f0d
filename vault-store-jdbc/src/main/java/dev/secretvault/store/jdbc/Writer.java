package dev.secretvault.store.jdbc;

import dev.secretvault.store.jdbc.Batch.Held;
import java.sql.SQLException;
import java.util.Map;

/** Makes one attempt to commit. */
interface Writer {

  /**
   * Makes all changes under the name of a position, if every record is stored with the revision
   * expected; else none.
   *
   * @return what was stored before of the records that the batch names
   * @throws SQLException whatever the database says; all changes may have happened or none, see
   *     {@link SqlStates#isRolledBack}
   */
  Map<String, Held> write(Batch batch, Position position) throws SQLException;
}
