-- Every noun is a row of one table: its key in columns, the rest in one JSON text. Which nouns there are is the
-- business of the store crate, so a new one needs nothing here. Text compares byte by byte.
--
-- Writers are serializable, and an index is what they collide in: no table has a column that counts up under an index
-- that they read, or all who add something would meet on its last page.

-- The room left in each page keeps the new version of a row out of the indexes.
CREATE TABLE record (
    kind    text   COLLATE "C" NOT NULL,
    account text   COLLATE "C" NOT NULL,
    region  text   COLLATE "C" NOT NULL,
    parent  text   COLLATE "C" NOT NULL,
    id      text   COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    body    text   COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, account, region, parent, id)
) WITH (fillfactor = 90);

-- Names that are unique over all tenants, each held by one record; whoever removes the record removes them.
CREATE TABLE name (
    namespace text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    account   text COLLATE "C" NOT NULL,
    region    text COLLATE "C" NOT NULL,
    parent    text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    PRIMARY KEY (namespace, name)
);

CREATE INDEX name_by_record ON name (kind, account, region, parent, id);

-- How many records of a kind each parent has, kept as they come and go; no row means none.
CREATE TABLE tally (
    kind    text   COLLATE "C" NOT NULL,
    account text   COLLATE "C" NOT NULL,
    region  text   COLLATE "C" NOT NULL,
    parent  text   COLLATE "C" NOT NULL,
    count   bigint NOT NULL CHECK (count >= 0),
    PRIMARY KEY (kind, account, region, parent)
) WITH (fillfactor = 50);

-- Numbers for commits. One that is drawn for a commit that fails is lost.
CREATE SEQUENCE revision AS bigint;

-- One row per commit that changed something: its revision, of which the greatest is the revision of the store, and the
-- token that its writer knows it by. A negative revision is no commit: it keeps the commit of that token from happening.
CREATE TABLE receipt (
    revision bigint NOT NULL PRIMARY KEY,
    token    uuid   NOT NULL UNIQUE
);

-- The revision feed: which records each commit changed.
CREATE TABLE change (
    revision bigint NOT NULL,
    position bigint NOT NULL,
    kind     text   COLLATE "C" NOT NULL,
    account  text   COLLATE "C" NOT NULL,
    region   text   COLLATE "C" NOT NULL,
    parent   text   COLLATE "C" NOT NULL,
    id       text   COLLATE "C" NOT NULL,
    PRIMARY KEY (revision, position)
);

-- Holds nothing: writers that would collide lock it and thereby take turns.
CREATE TABLE turn ();
