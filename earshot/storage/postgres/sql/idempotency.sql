-- name: begin
-- A new key; one whose time is over; one whose request shows no life any more. ``request`` is the mark of its holder until the answer is there.
INSERT INTO idempotency (tenant, key, request) VALUES (%(tenant)s, %(key)s, %(holder)s)
ON CONFLICT (tenant, key) DO UPDATE SET request = excluded.request, started_at = now(), status = NULL, body = NULL, recording_id = NULL
WHERE idempotency.started_at < now() - make_interval(secs => CASE WHEN idempotency.status IS NULL THEN %(lease_sec)s ELSE %(kept_sec)s END)
RETURNING key

-- name: find
SELECT request, status, body FROM idempotency WHERE tenant = %(tenant)s AND key = %(key)s

-- name: touch
UPDATE idempotency SET started_at = now() WHERE tenant = %(tenant)s AND key = %(key)s AND request = %(holder)s AND status IS NULL

-- name: finish
UPDATE idempotency SET request = %(request)s, recording_id = %(recording_id)s, status = %(status)s, body = %(body)s, started_at = now()
WHERE tenant = %(tenant)s AND key = %(key)s AND request = %(holder)s AND status IS NULL

-- name: release
DELETE FROM idempotency WHERE tenant = %(tenant)s AND key = %(key)s AND request = %(holder)s AND status IS NULL

-- name: forget
DELETE FROM idempotency WHERE (tenant, key) IN (
    SELECT tenant, key FROM idempotency WHERE started_at < now() - make_interval(secs => %(kept_sec)s) ORDER BY started_at LIMIT %(limit)s
)
