-- name: lock
SELECT pg_try_advisory_lock(hashtextextended(%(id)s::text, 0)) AS locked

-- name: start
-- A redelivered message finds its own row again; a recording that has gone further is left alone.
UPDATE recording r
SET state = 'ingesting', ingest_attempts = r.ingest_attempts + 1, ingest_sent_at = now(), ingest_worker = %(worker)s
FROM recording before
WHERE r.id = %(id)s AND before.id = r.id AND r.state IN ('queued', 'ingesting')
RETURNING r.ingest_attempts, extract(epoch FROM before.ingest_sent_at)::float AS sent_at, before.ingest_worker AS worker_before

-- name: expect
UPDATE recording SET expected_chunks = %(chunks)s WHERE id = %(id)s AND state IN ('queued', 'ingesting')

-- name: ahead
-- What older recordings will become that are being taken in at this moment, or wait for room alone.
SELECT coalesce(sum(other.expected_chunks), 0) AS chunks
FROM recording me JOIN recording other ON (other.created_at, other.id) < (me.created_at, me.id)
WHERE me.id = %(id)s AND other.finished_at IS NULL AND other.state = 'ingesting' AND other.waits_for IS NULL

-- name: excuse
-- Failing surroundings and orderly stops are no attempt, and whoever waits for them is not overdue.
UPDATE recording SET ingest_attempts = ingest_attempts - 1, ingest_sent_at = now()
WHERE id = %(id)s AND state = 'ingesting' AND ingest_attempts > 0

-- name: waits
-- A step from try to try counts for no more than there can be between two, so that a clock that is set makes nobody's time up.
UPDATE recording
SET ingest_attempts = greatest(ingest_attempts - 1, 0), ingest_sent_at = now(), waits_for = %(code)s,
    waits_since = coalesce(waits_since, now()), waited_at = now(),
    waited_sec = CASE WHEN waits_since IS NULL THEN 0
        ELSE waited_sec + least(greatest(extract(epoch FROM now() - coalesce(waited_at, now())), 0), %(step_sec)s) END
WHERE id = %(id)s AND state = 'ingesting'
RETURNING waited_sec AS waited

-- name: put_off
-- For want of room, which is no trouble.
UPDATE recording SET ingest_sent_at = now(), waits_for = NULL, waits_since = NULL
WHERE id = %(id)s AND state IN ('queued', 'ingesting')

-- name: restart
-- A failure of the surroundings is undone: the recording is as it was when it was asked for, but for the place of its audio.
UPDATE recording
SET state = 'queued', round = round + 1, request = jsonb_set(request, '{uri}', to_jsonb(coalesce(%(uri)s, request ->> 'uri'))),
    ingest_attempts = 0, ingest_sent_at = now(), ingest_worker = NULL, waits_for = NULL, waits_since = NULL, claimed_roles = NULL,
    error_code = NULL, error_detail = NULL, finished_at = NULL
WHERE id = %(id)s AND state = 'failed' AND error_code = ANY (%(codes)s) AND duration_ms IS NULL
RETURNING request

-- name: restartable
SELECT id, request ->> 'uri' AS uri FROM recording
WHERE state = 'failed' AND error_code = ANY (%(codes)s) AND duration_ms IS NULL AND (%(id)s::uuid IS NULL OR id = %(id)s)
ORDER BY created_at

-- name: pull_back
-- Times to come were written before the clock was set back: nothing would be late before they are reached again.
UPDATE recording SET ingest_sent_at = now()
WHERE finished_at IS NULL AND state IN ('queued', 'ingesting') AND ingest_sent_at > now() + make_interval(secs => 5)

-- name: unfinished
-- Requests that are not done, the oldest first.
SELECT id, request, state, ingest_sent_at, extract(epoch FROM ingest_sent_at)::float AS sent_at, ingest_worker AS worker, waits_for
FROM recording
WHERE finished_at IS NULL AND state IN ('queued', 'ingesting')
  AND ingest_sent_at < now() - make_interval(secs => %(age_sec)s)
ORDER BY ingest_sent_at
LIMIT 1000

-- name: send_again
-- Of two reconcilers one succeeds. What is in a queue again waits its turn there, and is not sent with every pass.
UPDATE recording SET ingest_sent_at = now(), state = 'queued'
WHERE id = %(id)s AND state IN ('queued', 'ingesting') AND ingest_sent_at = %(ingest_sent_at)s

-- name: taken_in
-- Held by whoever is taking it in (see lock); free at once when that process dies.
SELECT pg_try_advisory_xact_lock(hashtextextended(%(id)s::text, 0)) AS free

-- name: enders
SELECT count(*) AS recordings FROM recording
WHERE tenant = (SELECT mine.tenant FROM recording mine WHERE mine.id = %(id)s) AND sha256 = %(sha256)s AND id <> %(id)s AND state = 'failed' AND error_code = 'gave_up'
