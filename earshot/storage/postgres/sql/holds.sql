-- name: place
INSERT INTO hold (recording_id, source, reason, placed_by) VALUES (%(recording_id)s, %(source)s, %(reason)s, %(who)s)
ON CONFLICT DO NOTHING

-- name: release
UPDATE hold SET released_by = %(who)s, released_at = now()
WHERE released_at IS NULL AND recording_id IS NOT DISTINCT FROM %(recording_id)s AND source IS NOT DISTINCT FROM %(source)s

-- name: list
SELECT recording_id, source, reason, placed_by, placed_at, released_by, released_at FROM hold
WHERE (%(all)s OR released_at IS NULL) AND (%(recording_id)s::uuid IS NULL OR recording_id = %(recording_id)s)
ORDER BY id

-- name: held
SELECT id FROM recording WHERE id = ANY (%(ids)s) AND is_held(id, tenant, request ->> 'uri') ORDER BY id
