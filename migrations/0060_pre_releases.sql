-- Releases have a stage and a record of what they were made of, and every change of a stage is an event of its own. `active` stays what
-- decides: processes of the version before set it alone, and the triggers keep the rest in line with it, whoever writes.

ALTER TABLE release
    ADD COLUMN stage text NOT NULL DEFAULT 'candidate' CHECK (stage IN ('candidate', 'shadow', 'active', 'retired')),
    ADD COLUMN features       jsonb NOT NULL DEFAULT '{}',   -- settings of the features that it was trained on
    ADD COLUMN metrics        jsonb NOT NULL DEFAULT '{}',   -- on the validation part of its training
    ADD COLUMN data_sha256    text CHECK (data_sha256 ~ '^[0-9a-f]{64}$'),
    ADD COLUMN holdout        text,                          -- path of the manifest that candidates are compared on
    ADD COLUMN holdout_sha256 text CHECK (holdout_sha256 ~ '^[0-9a-f]{64}$'),
    ADD COLUMN licence        text,                          -- the strictest of data and base
    ADD COLUMN base           jsonb,                         -- name and sha256 of the checkpoint that training started from
    ADD COLUMN extended       boolean NOT NULL DEFAULT false, -- trained to keep the labels of its base
    ADD COLUMN size_bytes     bigint CHECK (size_bytes >= 0),
    ADD COLUMN latency_ms     double precision CHECK (latency_ms >= 0),  -- CPU time for a second of sound
    ADD COLUMN trained_at     timestamptz;

UPDATE release SET stage = CASE WHEN active THEN 'active' ELSE 'retired' END;

ALTER TABLE release ADD CHECK (active = (stage = 'active'));

-- No foreign key: the catalog's defaults have no row, and events outlive what they tell of.
CREATE TABLE release_event (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    analysis  text NOT NULL,
    release   text NOT NULL,
    sha256    text NOT NULL,
    "from"    text,                                          -- null: registered now
    "to"      text NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    by        text NOT NULL,
    why       text NOT NULL,
    metrics   jsonb,                                         -- the figures that decided
    forced    boolean NOT NULL DEFAULT false                 -- against the gate
);

CREATE INDEX release_event_of ON release_event (analysis, at, id);

INSERT INTO release_event (analysis, release, sha256, "to", at, by, why)
SELECT analysis, name, sha256, 'active', created_at, 'migration 0060', 'active before changes were recorded' FROM release WHERE active;

CREATE FUNCTION release_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.active THEN
        NEW.stage := 'active';
    ELSIF NEW.stage = 'active' THEN
        NEW.stage := 'retired';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER release_stage BEFORE INSERT OR UPDATE ON release FOR EACH ROW EXECUTE FUNCTION release_stage();

-- Who changes it and why is in the setting earshot.release_change of the transaction, as JSON.
CREATE FUNCTION release_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb := coalesce(nullif(current_setting('earshot.release_change', true), ''), '{}')::jsonb;
    changed release := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    stage_before text := CASE WHEN TG_OP <> 'INSERT' THEN OLD.stage END;
    stage_after text := CASE WHEN TG_OP = 'DELETE' THEN 'deleted' ELSE NEW.stage END;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.stage = NEW.stage AND OLD.sha256 = NEW.sha256 THEN
        RETURN NULL;
    END IF;
    INSERT INTO release_event (analysis, release, sha256, "from", "to", by, why, metrics, forced)
    VALUES (changed.analysis, changed.name, changed.sha256, stage_before, stage_after, coalesce(said ->> 'by', session_user),
            coalesce(said ->> 'why', 'changed without a reason'), said -> 'metrics', coalesce((said ->> 'forced')::boolean, false));
    RETURN NULL;
END $$;

CREATE TRIGGER release_changed AFTER INSERT OR UPDATE OR DELETE ON release FOR EACH ROW EXECUTE FUNCTION release_changed();

CREATE FUNCTION release_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'release_event is append-only';
END $$;

CREATE TRIGGER release_event_stays BEFORE UPDATE OR DELETE ON release_event FOR EACH ROW EXECUTE FUNCTION release_event_stays();

-- The release that each analysis of a chunk was dispatched with. It counts only while releases_at is dispatched_at: processes of the
-- version before set that alone.
ALTER TABLE chunk
    ADD COLUMN releases jsonb,
    ADD COLUMN releases_at timestamptz;
