-- name: add
-- Unless the tenant has so many open ones.
INSERT INTO upload (id, tenant, request, uri, length, multipart, expires_at)
SELECT %(id)s, %(tenant)s, %(request)s, %(uri)s, %(length)s, %(multipart)s, now() + make_interval(secs => %(kept_sec)s)
WHERE (SELECT count(*) FROM upload WHERE tenant = %(tenant)s AND recording_id IS NULL) < %(most)s
RETURNING id, request, uri, length, reach, expires_at, recording_id, multipart

-- name: find
SELECT id, request, uri, length, reach, expires_at, recording_id, multipart FROM upload
WHERE id = %(id)s AND tenant = %(tenant)s AND expires_at > now()

-- name: take
-- An earlier request of the same upload, whose line was cut, can write no more.
UPDATE upload SET writer = %(writer)s
WHERE id = %(id)s AND tenant = %(tenant)s AND expires_at > now() AND reach = %(reach)s AND recording_id IS NULL
RETURNING id

-- name: lock
SELECT id FROM upload
WHERE id = %(id)s AND writer = %(writer)s AND reach = %(reach)s AND recording_id IS NULL FOR UPDATE

-- name: advance
UPDATE upload SET reach = %(reach)s, expires_at = now() + make_interval(secs => %(kept_sec)s) WHERE id = %(id)s

-- name: finish
UPDATE upload SET recording_id = %(recording_id)s WHERE id = %(id)s AND recording_id IS NULL RETURNING id

-- name: delete
DELETE FROM upload WHERE id = %(id)s AND tenant = %(tenant)s RETURNING id, request, uri, length, reach, expires_at, recording_id, multipart

-- name: promised
-- Bytes that open uploads will still bring.
SELECT coalesce(sum(length - reach), 0)::bigint AS bytes FROM upload WHERE recording_id IS NULL AND expires_at > now()

-- name: expired
SELECT id FROM upload WHERE expires_at <= now() ORDER BY expires_at LIMIT %(limit)s

-- name: expire
DELETE FROM upload WHERE id IN (SELECT id FROM upload WHERE id = %(id)s AND expires_at <= now() FOR UPDATE SKIP LOCKED)
RETURNING id, request, uri, length, reach, expires_at, recording_id, multipart
