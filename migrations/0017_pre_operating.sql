-- Operators see the work of all tenants, and pause pools.
ALTER TABLE token DROP CONSTRAINT token_scope_check, ADD CONSTRAINT token_scope_check CHECK (scope IN ('read', 'write', 'admin', 'operator'));

-- Pools whose workers take no further jobs. Upkeep writes them to Redis, where workers look, again after Redis has lost them.
CREATE TABLE pool_pause (
    pool       text PRIMARY KEY,
    paused_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX finding_failed ON finding (merged_at) WHERE status = 'failed';
