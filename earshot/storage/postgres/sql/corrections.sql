-- name: lock
SELECT state, round FROM recording WHERE id = %(id)s FOR UPDATE

-- name: layered
-- A report with the corrections that are not undone, as of one moment.
SELECT p.body,
       (SELECT coalesce(max(v.version), 0) FROM correction_version v WHERE v.recording_id = p.recording_id) AS version,
       (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'recording_id' - 'token' ORDER BY c.version), '[]') FROM correction c
        WHERE c.recording_id = p.recording_id AND (%(undone)s OR c.undone_at IS NULL)) AS corrections,
       (SELECT jsonb_agg(m.category ORDER BY u.name) FROM rule_match m JOIN rule u ON u.id = m.rule_id AND u.deleted_at IS NULL
        WHERE m.recording_id = p.recording_id AND m.gone_at IS NULL) AS categories,
       r.round
FROM report p JOIN recording r ON r.id = p.recording_id WHERE p.recording_id = %(id)s

-- name: asked
SELECT asked, corrections[1] AS correction FROM correction_version
WHERE recording_id = %(recording_id)s AND request = %(request)s

-- name: continued
SELECT 1 FROM correction
WHERE recording_id = %(recording_id)s AND id = %(id)s AND token = %(token)s AND undone_at IS NULL AND made_at > %(since)s

-- name: name
SELECT name FROM token WHERE id = %(token)s

-- name: add
INSERT INTO correction (recording_id, id, version, kind, target, value, replaced, round, releases, made_at, made_by, token)
VALUES (%(recording_id)s, %(id)s, %(version)s, %(kind)s, %(target)s, %(value)s, %(replaced)s, %(round)s, %(releases)s, %(made_at)s, %(made_by)s, %(token)s)

-- name: replace
UPDATE correction SET version = %(version)s, target = %(target)s, value = %(value)s, replaced = %(replaced)s, round = %(round)s,
       releases = %(releases)s, made_at = %(made_at)s, made_by = %(made_by)s
WHERE recording_id = %(recording_id)s AND id = %(id)s

-- name: undo
UPDATE correction SET undone_at = now(), undone_by = %(by)s
WHERE recording_id = %(recording_id)s AND id = ANY (%(ids)s) AND undone_at IS NULL

-- name: redo
UPDATE correction SET undone_at = NULL, undone_by = NULL
WHERE recording_id = %(recording_id)s AND id = ANY (%(ids)s) AND undone_at IS NOT NULL

-- name: add_version
INSERT INTO correction_version (recording_id, version, action, corrections, by, request, asked)
VALUES (%(recording_id)s, %(version)s, %(action)s, %(ids)s, %(by)s, %(request)s, %(asked)s)

-- name: versions
SELECT version, action, corrections, at, by FROM correction_version
WHERE recording_id = %(id)s AND version > %(after)s ORDER BY version LIMIT %(limit)s

-- name: put_segment
UPDATE segment SET start_ms = %(start_ms)s, end_ms = %(end_ms)s, speaker = %(speaker)s, role = %(role)s, text = %(text)s, emotion = %(emotion)s
WHERE recording_id = %(recording_id)s AND index = %(index)s

-- name: put_labels
UPDATE report SET corrected_labels = %(labels)s WHERE recording_id = %(id)s AND corrected_labels IS DISTINCT FROM %(labels)s

-- name: put_roles
UPDATE recording SET corrected_roles = %(roles)s WHERE id = %(id)s AND corrected_roles IS DISTINCT FROM %(roles)s
