-- Every noun is a row of one table: its key in columns, the rest in one JSON text. Which nouns there are is the
-- business of the store crate, so a new one needs nothing here. Text compares byte by byte (SQLite's default).

CREATE TABLE record (
    number  INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    parent  TEXT NOT NULL,
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    UNIQUE (kind, account, region, parent, id)
) STRICT;

-- Names that are unique over all tenants, each held by one record; they go when it goes.
CREATE TABLE name (
    namespace TEXT NOT NULL,
    name      TEXT NOT NULL,
    record    INTEGER NOT NULL REFERENCES record (number) ON DELETE CASCADE,
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX name_by_record ON name (record);

-- How many records of a kind each parent has, kept as they come and go; no row means none.
CREATE TABLE tally (
    kind    TEXT NOT NULL,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    parent  TEXT NOT NULL,
    count   INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (kind, account, region, parent)
) STRICT, WITHOUT ROWID;

-- The revision feed: which records each commit changed. Its newest revision is the revision of the store.
CREATE TABLE change (
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    parent   TEXT NOT NULL,
    id       TEXT NOT NULL,
    PRIMARY KEY (revision, position)
) STRICT, WITHOUT ROWID;
