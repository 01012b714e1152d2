-- Candidates that answer beside the active release: their answers have tables of their own, and nothing of a recording is read from them.

ALTER TABLE release
    ADD COLUMN shadow_share double precision CHECK (shadow_share > 0 AND shadow_share <= 1),  -- of the recordings
    ADD COLUMN shadow_since timestamptz,
    ADD COLUMN shadow_seen  timestamptz,                  -- recordings that were finished well before it have been looked at
    ADD COLUMN shadow_costs jsonb NOT NULL DEFAULT '{}',  -- CPU and sound of the analysis's workers when it began
    ADD CHECK (stage <> 'shadow' OR (shadow_share IS NOT NULL AND shadow_since IS NOT NULL));

-- Where a recording lies between 0 and 1, the same for all releases and for ever: those below a share are in its sample.
CREATE FUNCTION shadow_point(recording uuid) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || left(md5(recording::text), 8))::bit(32)::bigint / 4294967296.0::double precision
$$;

-- A recording of the sample of a release, in its latest round.
CREATE TABLE shadow_recording (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    analysis      text NOT NULL,
    release       text NOT NULL,
    round         integer NOT NULL,
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dropped', 'failed')),
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),  -- workers that began it and neither finished nor returned it
    worker        text,
    lease_until   timestamptz,
    queued_at     timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    code          text,                                   -- why it was dropped or has failed
    PRIMARY KEY (recording_id, analysis, release),
    CHECK ((finished_at IS NULL) = (state IN ('waiting', 'running'))),
    CHECK ((state IN ('dropped', 'failed')) = (code IS NOT NULL))
);

CREATE INDEX shadow_recording_open ON shadow_recording (queued_at) WHERE state IN ('waiting', 'running');
CREATE INDEX shadow_recording_of ON shadow_recording (analysis, release, state);

CREATE TABLE shadow_answer (
    recording_id  uuid NOT NULL,
    chunk_index   integer NOT NULL,
    analysis      text NOT NULL,
    release       text NOT NULL,
    status        text NOT NULL CHECK (status IN ('succeeded', 'skipped', 'failed')),
    outcome       jsonb NOT NULL,                         -- earshot.analysis.outcome.Outcome
    cpu_ms        double precision NOT NULL CHECK (cpu_ms >= 0),
    sound_ms      integer NOT NULL CHECK (sound_ms > 0),
    answered_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (recording_id, chunk_index, analysis, release),
    FOREIGN KEY (recording_id, chunk_index) REFERENCES chunk ON DELETE CASCADE,
    CHECK (outcome ->> 'status' = status)
);
