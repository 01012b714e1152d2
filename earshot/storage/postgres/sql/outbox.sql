-- name: add
-- The id says what the event says, so telling it twice stores it once.
INSERT INTO outbox (id, recording_id, body) VALUES (%(id)s, %(recording_id)s, %(body)s) ON CONFLICT (id) DO NOTHING

-- name: add_if_there
-- Not for a recording that is deleted at this moment: whoever deletes it waits for this, or this for him.
INSERT INTO outbox (id, recording_id, body)
SELECT %(id)s, %(recording_id)s, %(body)s FROM recording WHERE id = %(recording_id)s FOR KEY SHARE
ON CONFLICT (id) DO NOTHING

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
