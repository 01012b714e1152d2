-- The last search for deleted recordings reads everything, a few pages at a time: where it has come to, and what it has found.

ALTER TABLE tombstone ADD COLUMN in_search boolean NOT NULL DEFAULT false;
CREATE INDEX tombstone_in_search ON tombstone (id) WHERE in_search;
CREATE TABLE search (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    place  text NOT NULL DEFAULT '',      -- the table that is read; those before it, by name, are done
    page   bigint NOT NULL DEFAULT 0,     -- its first page that is not read
    rows   jsonb NOT NULL DEFAULT '{}',   -- table to the number of rows that were read
    found  jsonb NOT NULL DEFAULT '{}'    -- table to the number of rows that name one of the recordings
);
