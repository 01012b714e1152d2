-- name: lock
SELECT pg_advisory_xact_lock(62, hashtext(%(tenant)s || '/' || %(source)s))

-- name: replace
-- The row of the same source, tenant and number of channels, if it has other roles.
UPDATE remembered_roles SET forgotten_by = %(who)s, forgotten_at = now()
WHERE tenant = %(tenant)s AND source = %(source)s AND cardinality(roles) = cardinality(%(roles)s::text[]) AND forgotten_at IS NULL
  AND roles <> %(roles)s::text[]

-- name: remember
INSERT INTO remembered_roles (tenant, source, roles, recording_id, remembered_by)
VALUES (%(tenant)s, %(source)s, %(roles)s, %(recording_id)s, %(who)s)
ON CONFLICT DO NOTHING

-- name: forget
UPDATE remembered_roles SET forgotten_by = %(who)s, forgotten_at = now()
WHERE id = %(id)s AND (%(tenant)s::text IS NULL OR tenant = %(tenant)s) AND forgotten_at IS NULL

-- name: list
SELECT id, tenant, source, roles, recording_id, remembered_by, remembered_at, forgotten_by, forgotten_at FROM remembered_roles
WHERE (%(forgotten)s OR forgotten_at IS NULL) AND (%(tenant)s::text IS NULL OR tenant = %(tenant)s)
ORDER BY remembered_at, id

-- name: of
SELECT roles FROM remembered_roles
WHERE tenant = %(tenant)s AND cardinality(roles) = %(channels)s AND forgotten_at IS NULL AND starts_with(%(place)s, source)
ORDER BY length(source) DESC LIMIT 1
