-- name: lock
-- Two migrators at once wait for each other.
SELECT pg_advisory_lock(%(key)s)

-- name: create
CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())

-- name: exists
SELECT to_regclass('migration') IS NOT NULL AS there

-- name: applied
SELECT name FROM migration

-- name: add
INSERT INTO migration (name) VALUES (%(name)s)
