-- name: guard
-- Whoever writes recordings down and whoever deletes them wait for each other, id by id, in one order.
SELECT pg_advisory_xact_lock(46, key)
FROM (SELECT DISTINCT hashtext(id::text) AS key FROM unnest(%(ids)s::uuid[]) AS id ORDER BY key) AS keys

-- name: lock
SELECT id, tenant, request ->> 'uri' AS uri,
       finished_at IS NULL OR finished_at > now() - make_interval(secs => %(young_sec)s) AS young
FROM recording WHERE id = ANY (%(ids)s) ORDER BY id FOR UPDATE

-- name: chunks
-- After this no merge of theirs is under way, and what the last one told is seen.
SELECT recording_id, index, round FROM chunk WHERE recording_id = ANY (%(ids)s) ORDER BY recording_id, index FOR UPDATE

-- name: delete_export
DELETE FROM export WHERE recording_id = ANY (%(ids)s) RETURNING recording_id, host, path

-- name: exports
SELECT recording_id, host, path FROM export WHERE recording_id = ANY (%(ids)s)

-- name: forget_export
DELETE FROM export WHERE recording_id = %(id)s AND host = %(host)s AND path = %(path)s

-- name: forget_roles
-- Roles that were stated on them, for later recordings of their sources, stay.
UPDATE remembered_roles SET recording_id = NULL WHERE recording_id = ANY (%(ids)s)

-- name: delete_outbox
DELETE FROM outbox WHERE recording_id = ANY (%(ids)s) AND body ->> 'type' <> 'recording.deleted'
RETURNING recording_id, id, stream_id

-- name: delete_hold
WITH gone AS (DELETE FROM hold WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_webhook_delivery
WITH gone AS (DELETE FROM webhook_delivery WHERE recording_id = ANY (%(ids)s) AND type <> 'recording.deleted' RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_idempotency
WITH gone AS (DELETE FROM idempotency WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_correction_version
WITH gone AS (DELETE FROM correction_version WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_correction
WITH gone AS (DELETE FROM correction WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_rule_match
WITH gone AS (DELETE FROM rule_match WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_upload
WITH gone AS (DELETE FROM upload WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_dead_letter
WITH gone AS (DELETE FROM dead_letter WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_shadow_answer
WITH gone AS (DELETE FROM shadow_answer WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_shadow_recording
WITH gone AS (DELETE FROM shadow_recording WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_finding
WITH gone AS (DELETE FROM finding WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_segment
WITH gone AS (DELETE FROM segment WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_report
WITH gone AS (DELETE FROM report WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_chunk
WITH gone AS (DELETE FROM chunk WHERE recording_id = ANY (%(ids)s) RETURNING recording_id)
SELECT recording_id, count(*) AS rows FROM gone GROUP BY recording_id

-- name: delete_recording
WITH gone AS (DELETE FROM recording WHERE id = ANY (%(ids)s) RETURNING id)
SELECT id AS recording_id, count(*) AS rows FROM gone GROUP BY id

-- name: bury
INSERT INTO tombstone (id, tenant, why, removed, leftovers, reachable_until)
VALUES (%(id)s, %(tenant)s, %(why)s, %(removed)s, %(leftovers)s, CASE WHEN %(young)s THEN now() + make_interval(secs => %(late_sec)s) END)
ON CONFLICT (id) DO NOTHING

-- name: bury_request
-- An id that stood for a recording: as deleted as that one. Its stored answer goes too.
WITH buried AS (
    INSERT INTO tombstone (id, tenant, why, requested_at, erased_at, removed)
    SELECT %(id)s, tenant, why, requested_at, now(), '{}' FROM tombstone
    WHERE id = %(recording_id)s AND NOT EXISTS (SELECT FROM recording r WHERE r.id = %(id)s)
    ON CONFLICT (id) DO NOTHING RETURNING id
), replies AS (
    DELETE FROM idempotency WHERE recording_id IN (SELECT id FROM buried)
)
DELETE FROM upload WHERE recording_id IN (SELECT id FROM buried)

-- name: buried
SELECT id FROM tombstone WHERE id = ANY (%(ids)s)

-- name: buried_of
SELECT id FROM tombstone WHERE id = %(id)s AND tenant = %(tenant)s

-- name: find
SELECT id, requested_at FROM tombstone WHERE id::text LIKE %(prefix)s || '%%' ORDER BY id LIMIT 2

-- name: count_attempt
-- What another process is at work on is left to it. What cannot be removed wholly keeps nobody else's deletion waiting.
UPDATE tombstone SET attempts = attempts + 1
WHERE id = ANY (ARRAY(
    SELECT id FROM tombstone
    WHERE erased_at IS NULL AND (%(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s))
    ORDER BY attempts, requested_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id

-- name: take
SELECT id, why, requested_at, removed, leftovers, extract(epoch FROM reachable_until)::float AS until FROM tombstone
WHERE id = ANY (%(ids)s) AND erased_at IS NULL ORDER BY id FOR UPDATE SKIP LOCKED

-- name: erased
UPDATE tombstone SET erased_at = now(), leftovers = NULL, removed = %(removed)s WHERE id = %(id)s

-- name: checked
-- A search after the last late job is the last one.
UPDATE tombstone SET checked = %(checked)s, in_search = false, settled_at = CASE WHEN erased_at < now() - make_interval(secs => %(late_sec)s) THEN now() END
WHERE id = %(id)s AND erased_at IS NOT NULL

-- name: not_whole
SELECT count(*) FILTER (WHERE erased_at IS NULL AND requested_at < now() - make_interval(secs => %(age_sec)s)) AS open,
       count(*) FILTER (WHERE checked -> 'found' <> '[]') AS named
FROM tombstone

-- name: receipts
SELECT id AS recording_id, why, requested_at, erased_at, attempts, removed, checked FROM tombstone
WHERE id = ANY (%(ids)s) ORDER BY requested_at, id

-- name: unsettled
-- Those that no late job can reach any more, once the first of them has waited for twice as long: one search for many.
SELECT id FROM tombstone
WHERE settled_at IS NULL AND erased_at < now() - make_interval(secs => %(late_sec)s)
  AND EXISTS (SELECT FROM tombstone WHERE settled_at IS NULL AND erased_at < now() - make_interval(secs => 2 * %(late_sec)s))
ORDER BY erased_at LIMIT %(limit)s

-- name: reachable
SELECT id, extract(epoch FROM reachable_until)::float AS until FROM tombstone WHERE reachable_until > now()

-- name: forget
DELETE FROM tombstone WHERE id = ANY (ARRAY(
    SELECT id FROM tombstone WHERE settled_at < now() - make_interval(secs => %(age_sec)s) ORDER BY settled_at LIMIT %(limit)s
))
