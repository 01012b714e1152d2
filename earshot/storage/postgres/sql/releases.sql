-- name: active
SELECT analysis, name, runtime, uri, sha256, labels FROM release WHERE active

-- name: named
SELECT analysis, name, runtime, uri, sha256, labels FROM release WHERE analysis = %(analysis)s AND name = %(name)s

-- name: lock
-- Changes of an analysis, one after the other, also where no release of it has a row.
SELECT pg_advisory_xact_lock(hashtext('release of ' || %(analysis)s))

-- name: say
-- What the triggers of migration 0060 write into the events of this transaction.
SELECT set_config('earshot.release_change', %(change)s, true)

-- name: deactivate
UPDATE release SET active = false WHERE analysis = %(analysis)s AND active AND name <> %(but)s RETURNING name

-- name: activate
INSERT INTO release (analysis, name, runtime, uri, sha256, labels, active)
VALUES (%(analysis)s, %(name)s, %(runtime)s, %(uri)s, %(sha256)s, %(labels)s, true)
ON CONFLICT (analysis, name) DO UPDATE
SET runtime = excluded.runtime, uri = excluded.uri, sha256 = excluded.sha256, labels = excluded.labels, active = true

-- name: add_event
-- What no trigger writes: of a catalog's default, which has no row, and of another share in shadow.
INSERT INTO release_event (analysis, release, sha256, "from", "to", by, why, metrics, forced)
VALUES (%(analysis)s, %(name)s, %(sha256)s, %(from)s, %(to)s, %(by)s, %(why)s, %(metrics)s, %(forced)s)

-- name: register
INSERT INTO release (analysis, name, runtime, uri, sha256, labels, features, metrics, data_sha256, holdout, holdout_sha256, licence, base,
                     extended, size_bytes, trained_at)
VALUES (%(analysis)s, %(name)s, %(runtime)s, %(uri)s, %(sha256)s, %(labels)s, %(features)s, %(metrics)s, %(data_sha256)s, %(holdout)s,
        %(holdout_sha256)s, %(licence)s, %(base)s, %(extended)s, %(size_bytes)s, %(trained_at)s)
ON CONFLICT (analysis, name) DO NOTHING

-- name: measured
UPDATE release SET latency_ms = %(latency_ms)s WHERE analysis = %(analysis)s AND name = %(name)s

-- name: registered
SELECT analysis, name, runtime, uri, sha256, labels, stage, features, metrics, data_sha256, holdout, holdout_sha256, licence, base, extended,
       size_bytes, latency_ms, trained_at, created_at, shadow_share, shadow_since, shadow_costs
FROM release
WHERE (%(name)s::text IS NULL OR name = %(name)s) AND (%(analysis)s::text IS NULL OR analysis = %(analysis)s)
ORDER BY analysis, created_at, name

-- name: events
SELECT id, analysis, release, sha256, "from", "to", at, by, why, metrics, forced
FROM release_event
WHERE (%(analysis)s::text IS NULL OR analysis = %(analysis)s)
ORDER BY id

-- name: live
-- The last event of each analysis that made a release answer, or ended that.
SELECT DISTINCT ON (analysis) id, analysis, release, sha256, "from", "to", at, by, why, metrics, forced
FROM release_event
WHERE at <= %(at)s AND ("to" = 'active' OR "from" = 'active')
ORDER BY analysis, id DESC
