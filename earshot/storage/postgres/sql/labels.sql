-- name: corrected
-- Recordings with a correction of that kind in force, by id.
SELECT DISTINCT recording_id FROM correction WHERE kind = %(kind)s AND undone_at IS NULL ORDER BY recording_id

-- name: gone
SELECT id FROM unnest(%(ids)s::uuid[]) AS id WHERE NOT EXISTS (SELECT FROM recording r WHERE r.id = id.id)

-- name: lock
-- Revisions of a model, one after the other.
SELECT pg_advisory_xact_lock(hashtext('training data of ' || %(model)s))

-- name: put
INSERT INTO training_data (model, revision, sha256, examples, recordings, labels, left_out, folder, made_by)
VALUES (%(model)s, (SELECT coalesce(max(revision), 0) + 1 FROM training_data WHERE model = %(model)s), %(sha256)s, %(examples)s,
        %(recordings)s, %(labels)s, %(left_out)s, %(folder)s, %(made_by)s)
ON CONFLICT (model, sha256) DO UPDATE SET folder = excluded.folder, left_out = excluded.left_out
RETURNING revision
