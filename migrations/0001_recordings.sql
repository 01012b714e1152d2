-- Recordings, their chunks (the ledger of what must still be merged), what the analyses found, and the events about it.
-- Postgres is the truth: everything in Redis can be made again from these tables. Times are integer milliseconds of the recording.

CREATE TABLE recording (
    id            uuid PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('queued', 'ingesting', 'analyzing', 'complete', 'partial', 'failed')),
    request       jsonb NOT NULL,                    -- the ingest request as it came, so that a lost message can be sent again
    file_name     text NOT NULL,
    sha256        text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    forced        boolean NOT NULL DEFAULT false,    -- asked for although the same content was stored
    analyses      text[] NOT NULL,
    roles         text[] NOT NULL DEFAULT '{}',      -- role of each channel; empty when channels do not separate the speakers
    language      text NOT NULL,
    duration_ms   integer CHECK (duration_ms > 0),
    channels      integer CHECK (channels BETWEEN 1 AND 8),
    native_rate   integer CHECK (native_rate > 0),
    container     text,
    codec         text,
    dual_mono     boolean NOT NULL DEFAULT false,
    audio         jsonb NOT NULL DEFAULT '{}',       -- sample rate to URI of the decoded audio
    notes         text[] NOT NULL DEFAULT '{}',
    ingest_attempts integer NOT NULL DEFAULT 0 CHECK (ingest_attempts >= 0),
    ingest_sent_at timestamptz NOT NULL DEFAULT now(),  -- when the request was last sent or taken up
    error_code    text,
    error_detail  text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    -- a failed recording always says why, and nothing else carries an error
    CHECK ((state = 'failed') = (error_code IS NOT NULL AND error_detail IS NOT NULL)),
    CHECK ((state IN ('complete', 'partial', 'failed')) = (finished_at IS NOT NULL)),
    -- analysis can only start on audio that was decoded
    CHECK (state IN ('queued', 'ingesting', 'failed') OR (sha256 IS NOT NULL AND duration_ms IS NOT NULL AND channels IS NOT NULL))
);

-- The same content is stored once, unless it was forced or failed.
CREATE UNIQUE INDEX recording_content ON recording (sha256) WHERE NOT forced AND state <> 'failed';
CREATE INDEX recording_recent ON recording (created_at DESC);
CREATE INDEX recording_open ON recording (created_at) WHERE finished_at IS NULL;

CREATE TABLE chunk (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    index         integer NOT NULL CHECK (index >= -1),   -- -1 is the whole recording, for analyses that must hear all of it
    start_ms      integer NOT NULL CHECK (start_ms >= 0),
    end_ms        integer NOT NULL,
    speech        jsonb NOT NULL,                          -- [[channel, start_ms, end_ms], ...] as the VAD heard it
    state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'dispatched', 'merged')),
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    dispatched_at timestamptz,
    merged_at     timestamptz,
    PRIMARY KEY (recording_id, index),
    CHECK (end_ms > start_ms),
    CHECK (state <> 'dispatched' OR dispatched_at IS NOT NULL),
    CHECK ((state = 'merged') = (merged_at IS NOT NULL))
);

CREATE INDEX chunk_open ON chunk (dispatched_at) WHERE state <> 'merged';

CREATE TABLE finding (
    recording_id   uuid NOT NULL,
    chunk_index    integer NOT NULL,
    analysis       text NOT NULL,
    release        text NOT NULL,                          -- which checkpoint said so
    status         text NOT NULL CHECK (status IN ('succeeded', 'skipped', 'failed')),
    outcome        jsonb NOT NULL,                         -- earshot.analysis.outcome.Outcome
    merged_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (recording_id, chunk_index, analysis),
    FOREIGN KEY (recording_id, chunk_index) REFERENCES chunk ON DELETE CASCADE,
    CHECK (outcome ->> 'status' = status)
);

CREATE INDEX finding_by_analysis ON finding (analysis, status);

CREATE TABLE segment (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    index         integer NOT NULL CHECK (index >= 0),
    start_ms      integer NOT NULL CHECK (start_ms >= 0),
    end_ms        integer NOT NULL,
    channel       integer NOT NULL,
    speaker       text NOT NULL,
    role          text,
    text          text NOT NULL,
    emotion       jsonb,
    PRIMARY KEY (recording_id, index),
    CHECK (end_ms >= start_ms)
);

CREATE TABLE report (
    recording_id  uuid PRIMARY KEY REFERENCES recording ON DELETE CASCADE,
    body          jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- Releases that were promoted over the catalog's default. One UPDATE of ``active`` rolls back; running workers follow, because
-- every job names its release.
CREATE TABLE release (
    analysis      text NOT NULL,
    name          text NOT NULL,
    runtime       text NOT NULL,
    uri           text NOT NULL,
    sha256        text NOT NULL,
    labels        text[] NOT NULL DEFAULT '{}',
    active        boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (analysis, name)
);

CREATE UNIQUE INDEX release_active ON release (analysis) WHERE active;

-- Events are written with the facts they tell of, and published afterwards: at least once, with a stable id.
CREATE TABLE outbox (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            uuid NOT NULL UNIQUE,
    recording_id  uuid NOT NULL,                           -- no foreign key: events outlive what they tell of
    body          jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    stream_id     text,
    published_at  timestamptz,
    CHECK ((stream_id IS NULL) = (published_at IS NULL))
);

CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;
