-- The records. A row of revision 0 says that there is no such record: for commits that require just that to lock, and to
-- tell which commit deleted it. It is collected together with what the log says of the commit that wrote it.
-- Of a key, the letters and the length are checked apart: a pattern that counts takes longer than all else of an insert.
CREATE TABLE {schema}{prefix}record (
  key text COLLATE "C" PRIMARY KEY CHECK (key ~ '^[A-Za-z0-9._-]+$' AND length(key) <= 128),
  revision bigint NOT NULL CHECK (revision >= 0),
  value bytea,
  expires_at bigint CHECK (expires_at >= 0),
  stream bigint NOT NULL,
  step bigint NOT NULL,
  CHECK ((revision = 0) = (value IS NULL))
);

CREATE INDEX {prefix}record_expiry ON {schema}{prefix}record (expires_at, key) WHERE expires_at IS NOT NULL;

-- What was committed lately: the steps of each stream come one after the other, without a gap. A step without keys
-- was taken by whoever had to make sure that it would not be committed any more. The absent ones are those of which the
-- step may have left a row of revision 0.
CREATE TABLE {schema}{prefix}log (
  stream bigint NOT NULL,
  step bigint NOT NULL,
  keys text[],
  absent text[],
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, step)
);
