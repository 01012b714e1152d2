-- Recordings can be deleted, with a tombstone in their place; and what is kept can be asked for by its age.

CREATE TABLE tombstone (
    id            uuid PRIMARY KEY,              -- the recording's; nothing is taken in, merged or told under it any more
    why           text NOT NULL CHECK (why IN ('asked', 'retention')),
    requested_at  timestamptz NOT NULL DEFAULT now(),
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    removed       jsonb NOT NULL,                -- store to what was removed from it, counted
    leftovers     jsonb,                         -- what is still to be removed outside this database; null when all is gone
    reachable_until timestamptz,                 -- until when jobs that were at work on it may still write; null: none can
    erased_at     timestamptz,
    checked       jsonb,                         -- what every store was found to hold of it afterwards
    settled_at    timestamptz,                   -- when it was looked for after the last late job
    CHECK ((leftovers IS NULL) = (erased_at IS NOT NULL))
);

CREATE INDEX tombstone_open ON tombstone (requested_at) WHERE erased_at IS NULL;
CREATE INDEX tombstone_unsettled ON tombstone (erased_at) WHERE settled_at IS NULL;
CREATE INDEX tombstone_reachable ON tombstone (reachable_until) WHERE reachable_until IS NOT NULL;
CREATE INDEX tombstone_settled ON tombstone (settled_at) WHERE settled_at IS NOT NULL;

-- Reports that the command wrote to a folder of its user, to be deleted with their recording.
CREATE TABLE export (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    host          text NOT NULL,
    path          text NOT NULL,
    PRIMARY KEY (recording_id, host, path)
);

ALTER TABLE recording ADD COLUMN audio_expired_at timestamptz;  -- its decoded audio was removed for its age

CREATE INDEX outbox_recording ON outbox (recording_id);
CREATE INDEX recording_finished ON recording (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX recording_failed ON recording (finished_at) WHERE state = 'failed';
CREATE INDEX recording_with_audio ON recording (finished_at) WHERE finished_at IS NOT NULL AND audio <> '{}';
CREATE INDEX dead_letter_closed ON dead_letter (closed_at) WHERE closed_at IS NOT NULL;
