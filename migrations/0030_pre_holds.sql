-- What must not be deleted, neither for its age nor when asked: a recording, or all of a source (URL, tenant, or * for all). Released
-- ones stay as a record, those of a recording until it is deleted.
CREATE TABLE hold (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recording_id uuid,
    source       text,
    reason       text NOT NULL,
    placed_by    text NOT NULL,
    placed_at    timestamptz NOT NULL DEFAULT now(),
    released_by  text,
    released_at  timestamptz,
    CHECK ((recording_id IS NULL) <> (source IS NULL)),
    CHECK ((released_by IS NULL) = (released_at IS NULL))
);

CREATE UNIQUE INDEX hold_of_recording ON hold (recording_id) WHERE released_at IS NULL AND recording_id IS NOT NULL;
CREATE UNIQUE INDEX hold_of_source ON hold (source) WHERE released_at IS NULL AND source IS NOT NULL;
CREATE INDEX hold_recording ON hold (recording_id) WHERE recording_id IS NOT NULL;

-- True if a recording, or its source, is on hold.
CREATE FUNCTION is_held(id uuid, tenant text, uri text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM hold h
        WHERE h.released_at IS NULL
          AND (h.recording_id = $1 OR h.source IN ('*', $2) OR (strpos(h.source, '://') > 0 AND starts_with($3, h.source)))
    )
$$;
