-- name: lock
SELECT pg_try_advisory_lock(hashtextextended(%(id)s::text, 0)) AS locked

-- name: start
-- A redelivered message finds its own row again; a recording that has gone further is left alone.
UPDATE recording r
SET state = 'ingesting', ingest_attempts = r.ingest_attempts + 1, ingest_sent_at = now(), ingest_worker = %(worker)s
FROM recording before
WHERE r.id = %(id)s AND before.id = r.id AND r.state IN ('queued', 'ingesting')
RETURNING r.ingest_attempts, extract(epoch FROM before.ingest_sent_at)::float AS sent_at, before.ingest_worker AS worker_before

-- name: excuse
-- Failing surroundings and orderly stops are no attempt, and whoever waits for them is not overdue.
UPDATE recording SET ingest_attempts = ingest_attempts - 1, ingest_sent_at = now()
WHERE id = %(id)s AND state = 'ingesting' AND ingest_attempts > 0

-- name: put_off
UPDATE recording SET ingest_sent_at = now() WHERE id = %(id)s AND state IN ('queued', 'ingesting')

-- name: unfinished
-- Requests that are not done, the oldest first.
SELECT id, request, state, ingest_sent_at, extract(epoch FROM ingest_sent_at)::float AS sent_at
FROM recording
WHERE finished_at IS NULL AND state IN ('queued', 'ingesting')
  AND ingest_sent_at < now() - make_interval(secs => %(age_sec)s)
ORDER BY ingest_sent_at
LIMIT 1000

-- name: send_again
-- Of two reconcilers one succeeds.
UPDATE recording SET ingest_sent_at = now()
WHERE id = %(id)s AND state IN ('queued', 'ingesting') AND ingest_sent_at = %(ingest_sent_at)s

-- name: taken_in
-- Held by whoever is taking it in (see lock); free at once when that process dies.
SELECT pg_try_advisory_xact_lock(hashtextextended(%(id)s::text, 0)) AS free

-- name: enders
SELECT count(*) AS recordings FROM recording
WHERE sha256 = %(sha256)s AND id <> %(id)s AND state = 'failed' AND error_code = 'gave_up'
