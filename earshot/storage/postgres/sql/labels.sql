-- name: corrected
-- Recordings with a correction of that kind in force, by id.
SELECT DISTINCT recording_id FROM correction WHERE kind = %(kind)s AND undone_at IS NULL ORDER BY recording_id

-- name: gone
SELECT id FROM unnest(%(ids)s::uuid[]) AS id WHERE NOT EXISTS (SELECT FROM recording r WHERE r.id = id.id)

-- name: stay
SELECT FROM recording WHERE id = %(id)s FOR SHARE

-- name: lock
-- Revisions of a model, one after the other.
SELECT pg_advisory_xact_lock(hashtext('training data of ' || %(model)s))

-- name: put
-- A training that was asked for keeps its folder: its message may be sent again.
INSERT INTO training_data (model, revision, sha256, examples, recordings, labels, left_out, folder, made_by)
VALUES (%(model)s, (SELECT coalesce(max(revision), 0) + 1 FROM training_data WHERE model = %(model)s), %(sha256)s, %(examples)s,
        %(recordings)s, %(labels)s, %(left_out)s, %(folder)s, %(made_by)s)
ON CONFLICT (model, sha256) DO UPDATE
SET folder = CASE WHEN training_data.run_id IS NULL THEN excluded.folder ELSE training_data.folder END, left_out = excluded.left_out
RETURNING revision

-- name: fresh
-- Corrections in force that no training was asked for yet.
SELECT count(*) AS fresh FROM correction
WHERE kind = %(kind)s AND undone_at IS NULL
  AND made_at > coalesce((SELECT max(asked_at) FROM training_data WHERE model = %(model)s), '-infinity')

-- name: ask
-- Data that a training was asked for before keeps that one.
UPDATE training_data d SET run_id = coalesce(d.run_id, %(run_id)s), asked_at = %(asked_at)s
FROM (SELECT model, revision, run_id FROM training_data WHERE model = %(model)s AND revision = %(revision)s FOR UPDATE) AS old
WHERE d.model = old.model AND d.revision = old.revision
RETURNING old.run_id IS NULL AS asked

-- name: unsent
-- The newest asked revision of each model without a run, while no other run trains the model. A lost message is sent again.
WITH newest AS (
    SELECT DISTINCT ON (model) model, run_id, folder, sends, sent_at FROM training_data WHERE run_id IS NOT NULL ORDER BY model, asked_at DESC
), taken AS (
    SELECT n.run_id FROM newest n
    WHERE n.sends < %(most)s AND (n.sent_at IS NULL OR n.sent_at < now() - make_interval(secs => %(again_sec)s))
      AND NOT EXISTS (SELECT FROM training_run t WHERE t.id = n.run_id OR (t.model = n.model AND t.finished_at IS NULL))
)
UPDATE training_data d SET sends = d.sends + 1, sent_at = now() FROM taken WHERE d.run_id = taken.run_id
RETURNING d.model, d.run_id, d.folder, d.sends = %(most)s AS last

-- name: salt
SELECT salt FROM voice_salt
