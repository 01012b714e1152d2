-- The harness's own witness, in the database itself: what was merged, closed and found, written in the same transaction.

CREATE TABLE chaos_audit (
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    what         text NOT NULL,
    recording_id uuid NOT NULL,
    round        text NOT NULL,
    part         text NOT NULL
);

CREATE FUNCTION chaos_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_audit (what, recording_id, round, part)
    VALUES ('chunk', NEW.recording_id, coalesce(to_jsonb(NEW) ->> 'round', '1'), NEW.index::text);
    RETURN NULL;
END $$;

CREATE TRIGGER chaos_merged AFTER UPDATE ON chunk
FOR EACH ROW WHEN (NEW.state = 'merged' AND OLD.merged_at IS DISTINCT FROM NEW.merged_at) EXECUTE FUNCTION chaos_merged();

CREATE FUNCTION chaos_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_audit (what, recording_id, round, part)
    VALUES ('closed', NEW.id, coalesce(to_jsonb(NEW) ->> 'round', '1'), NEW.state);
    RETURN NULL;
END $$;

CREATE TRIGGER chaos_closed AFTER UPDATE ON recording
FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL AND OLD.finished_at IS DISTINCT FROM NEW.finished_at) EXECUTE FUNCTION chaos_closed();

CREATE FUNCTION chaos_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_audit (what, recording_id, round, part)
    SELECT 'finding', NEW.recording_id, c.now, NEW.chunk_index || ' ' || NEW.analysis
    FROM (SELECT coalesce(to_jsonb(r) ->> 'round', '1') AS now FROM recording r WHERE r.id = NEW.recording_id) AS c;
    RETURN NULL;
END $$;

CREATE TRIGGER chaos_found AFTER INSERT OR UPDATE ON finding FOR EACH ROW EXECUTE FUNCTION chaos_found();
