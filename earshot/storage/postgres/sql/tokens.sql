-- name: add
INSERT INTO token (id, name, tenant, scope, digest, expires_at)
VALUES (%(id)s, %(name)s, %(tenant)s, %(scope)s, %(digest)s, now() + make_interval(secs => %(valid_sec)s))
RETURNING id, name, tenant, scope, created_at, expires_at, used_at, revoked_at

-- name: find
-- The time of use is written once a minute at most.
SELECT id, name, tenant, scope, created_at, expires_at, used_at, revoked_at,
       used_at IS NULL OR used_at < now() - interval '1 minute' AS stale
FROM token WHERE digest = %(digest)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())

-- name: note_use
UPDATE token SET used_at = now() WHERE id = %(id)s

-- name: list
SELECT id, name, tenant, scope, created_at, expires_at, used_at, revoked_at FROM token
WHERE %(tenant)s::text IS NULL OR tenant = %(tenant)s ORDER BY created_at, id

-- name: revoke
UPDATE token SET revoked_at = now() WHERE revoked_at IS NULL AND id = ANY (ARRAY(
    SELECT id FROM token WHERE id::text LIKE %(prefix)s::text || '%%' OR name = %(name)s
))
RETURNING id, name, tenant, scope, created_at, expires_at, used_at, revoked_at

-- name: valid
SELECT id FROM token WHERE id = ANY (%(ids)s) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
