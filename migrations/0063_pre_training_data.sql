-- Corrections written as data to train on: each content is a revision of its model. The files are in a folder; the row says what they were.
CREATE TABLE training_data (
    model       text NOT NULL,
    revision    integer NOT NULL CHECK (revision >= 1),
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),  -- of sound, labels and groups
    examples    integer NOT NULL CHECK (examples >= 1),
    recordings  integer NOT NULL CHECK (recordings >= 1),
    labels      jsonb NOT NULL,                                   -- label to its examples
    left_out    jsonb NOT NULL,                                   -- reason to examples or recordings
    folder      text NOT NULL,                                    -- where it was written last
    made_at     timestamptz NOT NULL DEFAULT now(),
    made_by     text NOT NULL,
    PRIMARY KEY (model, revision),
    UNIQUE (model, sha256)
);

CREATE INDEX correction_kind ON correction (kind, recording_id) WHERE undone_at IS NULL;
