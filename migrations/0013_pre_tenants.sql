-- Recordings, events and deletions belong to a tenant; what another service enqueues through Celery belongs to 'default'.
-- Adding a column with a constant default rewrites no table.
ALTER TABLE recording ADD COLUMN tenant text NOT NULL DEFAULT 'default';
ALTER TABLE tombstone ADD COLUMN tenant text NOT NULL DEFAULT 'default';
ALTER TABLE outbox ADD COLUMN tenant text NOT NULL DEFAULT 'default';

-- The same content is stored once a tenant.
CREATE UNIQUE INDEX recording_content_of_tenant ON recording (tenant, sha256, language, claimed_roles) WHERE NOT forced AND state <> 'failed';
DROP INDEX recording_content;
CREATE INDEX recording_of_tenant ON recording (tenant, created_at DESC, id DESC);

-- A token is stored as its SHA-256 digest: 256 random bits need no slow hash.
CREATE TABLE token (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    tenant      text NOT NULL CHECK (tenant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    scope       text NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    digest      bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    used_at     timestamptz,
    revoked_at  timestamptz
);

-- A request with an Idempotency-Key, and its answer once there is one.
CREATE TABLE idempotency (
    tenant        text NOT NULL,
    key           text NOT NULL,
    request       bytea NOT NULL,       -- digest of what was asked for
    recording_id  uuid,
    status        integer,
    body          jsonb,
    started_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, key),
    CHECK ((status IS NULL) = (body IS NULL))
);

CREATE INDEX idempotency_started ON idempotency (started_at);
CREATE INDEX idempotency_recording ON idempotency (recording_id) WHERE recording_id IS NOT NULL;
