-- A recording can be analysed again in part: every time is a round. And what no worker survives is put aside.

ALTER TABLE recording ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round >= 1);  -- how often its analysis was asked for
ALTER TABLE recording ADD COLUMN ingest_worker text;  -- the worker that took it up last

ALTER TABLE chunk
    ADD COLUMN round  integer NOT NULL DEFAULT 1 CHECK (round >= 1),  -- in which round it is, or was last, to be merged
    ADD COLUMN wanted text[] NOT NULL DEFAULT '{}';                   -- the analyses that this round must give

UPDATE chunk c SET wanted = ARRAY(
    SELECT name FROM unnest(r.analyses) AS name WHERE (name = 'diarization') = (c.index = -1)  -- the one of recording scope so far
) FROM recording r WHERE r.id = c.recording_id;

ALTER TABLE chunk ALTER COLUMN wanted DROP DEFAULT;

-- One analysis of one chunk that ended its workers, or never came back. Its recording is closed as partial and the queues go on.
CREATE TABLE dead_letter (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recording_id  uuid NOT NULL,
    chunk_index   integer NOT NULL,
    round         integer NOT NULL,
    analysis      text NOT NULL,
    release       text NOT NULL,
    code          text NOT NULL,                 -- worker_lost, gave_up
    reason        text NOT NULL,
    worker        text,                          -- the last one that it ended, where that is known
    attempts      integer NOT NULL,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    closed_at     timestamptz,
    UNIQUE (recording_id, chunk_index, analysis, round),
    FOREIGN KEY (recording_id, chunk_index) REFERENCES chunk ON DELETE CASCADE,
    CHECK ((state = 'open') = (closed_at IS NULL))
);

CREATE INDEX dead_letter_open ON dead_letter (created_at) WHERE state = 'open';

-- Published events of the last while are looked up in the stream, in case Redis lost them.
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

-- Other recordings of the same content, failed and forced ones too, for what it has done to workers before.
CREATE INDEX recording_sha256 ON recording (sha256);
