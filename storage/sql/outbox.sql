-- name: add
-- The id says what the event says, so telling it twice stores it once.
INSERT INTO outbox (id, recording_id, body) VALUES (%(id)s, %(recording_id)s, %(body)s) ON CONFLICT (id) DO NOTHING

-- name: take_unpublished
SELECT seq, id, body FROM outbox WHERE published_at IS NULL ORDER BY seq LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: mark_published
UPDATE outbox SET published_at = now(), stream_id = %(stream_id)s WHERE seq = %(seq)s

-- name: stream_id
SELECT stream_id FROM outbox WHERE id::text = %(id)s
