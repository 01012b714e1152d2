-- name: add
-- The id says what the event says, so telling it twice stores it once.
INSERT INTO outbox (id, recording_id, tenant, body)
VALUES (%(id)s, %(recording_id)s,
        coalesce((SELECT tenant FROM recording WHERE id = %(recording_id)s), (SELECT tenant FROM tombstone WHERE id = %(recording_id)s), 'default'),
        %(body)s)
ON CONFLICT (id) DO NOTHING

-- name: add_if_there
-- Not for a recording that is deleted at this moment: whoever deletes it waits for this, or this for him.
INSERT INTO outbox (id, recording_id, tenant, body)
SELECT %(id)s, %(recording_id)s, tenant, %(body)s FROM recording WHERE id = %(recording_id)s FOR KEY SHARE
ON CONFLICT (id) DO NOTHING

-- name: lock_positions
-- Until the transaction ends, so that positions become visible in their order.
SELECT pg_advisory_xact_lock(47)

-- name: give_positions
WITH waiting AS (
    SELECT seq, tenant FROM outbox WHERE position IS NULL ORDER BY seq LIMIT %(limit)s
), counted AS (
    SELECT tenant, count(*) AS number FROM waiting GROUP BY tenant
), reached AS (
    INSERT INTO outbox_reach (tenant, last) SELECT tenant, number FROM counted
    ON CONFLICT (tenant) DO UPDATE SET last = outbox_reach.last + excluded.last
    RETURNING tenant, last
), placed AS (
    SELECT seq, last - number + row_number() OVER (PARTITION BY tenant ORDER BY seq) AS place
    FROM waiting JOIN counted USING (tenant) JOIN reached USING (tenant)
), given AS (
    SELECT seq, place, nextval('outbox_position') AS position FROM placed ORDER BY seq
)
UPDATE outbox SET position = given.position, place = given.place FROM given WHERE outbox.seq = given.seq
RETURNING outbox.position

-- name: notify
SELECT pg_notify(%(channel)s, '')

-- name: after
SELECT position, place, id, recording_id, tenant, body FROM outbox WHERE position > %(after)s ORDER BY position LIMIT %(limit)s

-- name: after_of_tenant
SELECT position, place, id, recording_id, tenant, body FROM outbox
WHERE tenant = %(tenant)s AND place > %(after)s AND position <= %(until)s
  AND (%(types)s::text[] = '{}' OR body ->> 'type' = ANY (%(types)s))
  AND (%(recording_id)s::uuid IS NULL OR recording_id = %(recording_id)s)
ORDER BY place LIMIT %(limit)s

-- name: standing
SELECT greatest(coalesce((SELECT max(position) FROM outbox), 0), removed.position) AS last, removed.position AS trimmed
FROM (SELECT coalesce(max(position), 0) AS position FROM outbox_trimmed) AS removed

-- name: standing_of_tenant
SELECT coalesce((SELECT last FROM outbox_reach WHERE tenant = %(tenant)s), 0) AS last,
       coalesce((SELECT place FROM outbox_trimmed WHERE tenant = %(tenant)s), 0) AS trimmed

-- name: position_behind
-- Just before the tenant's next event; without one before all that will come.
SELECT coalesce((SELECT position - 1 FROM outbox WHERE tenant = %(tenant)s AND place > %(place)s ORDER BY place LIMIT 1),
                (SELECT max(position) FROM outbox), 0) AS position

-- name: place_at
SELECT place FROM outbox WHERE tenant = %(tenant)s AND position <= %(position)s ORDER BY place DESC LIMIT 1

-- name: take_unpublished
SELECT seq, id, body FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: take_named
SELECT seq, id, body FROM outbox WHERE id = ANY (%(ids)s) AND published_at IS NULL ORDER BY seq FOR UPDATE SKIP LOCKED

-- name: unpublished
SELECT count(*) AS events, extract(epoch FROM min(created_at))::float AS since FROM outbox
WHERE published_at IS NULL AND created_at < now() - make_interval(secs => %(age_sec)s)

-- name: mark_published
UPDATE outbox SET published_at = now(), stream_id = %(stream_id)s WHERE seq = %(seq)s

-- name: stream_id
SELECT stream_id FROM outbox WHERE id::text = %(id)s

-- name: published_lately
-- What was published in the last while, and the newest of what was published before it.
(SELECT seq, stream_id FROM outbox WHERE published_at >= now() - make_interval(secs => %(lately_sec)s) ORDER BY published_at)
UNION ALL
(SELECT seq, stream_id FROM outbox WHERE published_at < now() - make_interval(secs => %(lately_sec)s)
 ORDER BY published_at DESC LIMIT 1)

-- name: published_since
SELECT seq, id, stream_id FROM outbox
WHERE published_at >= now() - make_interval(secs => %(since_sec)s) AND seq > %(after)s ORDER BY seq LIMIT %(limit)s

-- name: mark_unpublished
UPDATE outbox SET published_at = NULL, stream_id = NULL WHERE seq = %(seq)s AND stream_id = %(stream_id)s

-- name: listen
LISTEN earshot_events
