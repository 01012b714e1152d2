-- Uploads that come in pieces.
CREATE TABLE upload (
    id            uuid PRIMARY KEY,
    tenant        text NOT NULL,
    request       jsonb NOT NULL,             -- what is submitted when it is complete
    uri           text NOT NULL,              -- where its bytes are stored
    length        bigint NOT NULL CHECK (length > 0),
    reach         bigint NOT NULL DEFAULT 0,  -- bytes that are stored
    writer        uuid,                       -- the request that may write; a later one takes over
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    recording_id  uuid,                       -- once it is submitted
    CHECK (reach BETWEEN 0 AND length)
);

CREATE INDEX upload_expires ON upload (expires_at);
CREATE INDEX upload_open ON upload (tenant) WHERE recording_id IS NULL;
CREATE INDEX upload_recording ON upload (recording_id) WHERE recording_id IS NOT NULL;
