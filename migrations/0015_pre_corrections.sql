-- Corrections by people: a layer over the answers of the analyses, which are not changed. Processes of the version before know nothing
-- of these tables; where one of them deletes a recording, its corrections go with it.
CREATE TABLE correction (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    id            uuid NOT NULL,
    version       integer NOT NULL CHECK (version >= 1),  -- in which it was made
    kind          text NOT NULL,
    target        jsonb NOT NULL,       -- by time and channel, so that it is found again after another round
    value         jsonb NOT NULL,
    replaced      jsonb NOT NULL,       -- the answer of the analyses at that time
    round         integer NOT NULL,     -- whose answer that was
    releases      jsonb NOT NULL,       -- and which releases gave it
    made_at       timestamptz NOT NULL DEFAULT now(),
    made_by       text NOT NULL,        -- name of the token
    token         uuid NOT NULL,        -- its id
    undone_at     timestamptz,
    undone_by     text,
    PRIMARY KEY (recording_id, id),
    UNIQUE (recording_id, version),
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);

-- Every change of a recording's corrections, from 1.
CREATE TABLE correction_version (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    version       integer NOT NULL CHECK (version >= 1),
    action        text NOT NULL CHECK (action IN ('made', 'undone', 'redone', 'reverted')),
    corrections   uuid[] NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    by            text NOT NULL,        -- name of the token
    request       uuid,                 -- that made it, by the client's id or one of ours; it may be repeated
    asked         bytea,                -- digest of it
    PRIMARY KEY (recording_id, version),
    UNIQUE (recording_id, request),
    CHECK ((action = 'made') = (request IS NOT NULL) AND (request IS NULL) = (asked IS NULL))
);
