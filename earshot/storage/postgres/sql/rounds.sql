-- name: lock
SELECT state, round, analyses, duration_ms, roles, request, audio_expired_at FROM recording WHERE id = %(id)s FOR UPDATE

-- name: chunks
SELECT index, speech FROM chunk WHERE recording_id = %(id)s ORDER BY index

-- name: uncut
SELECT whole.speech, r.duration_ms FROM recording r JOIN chunk whole ON whole.recording_id = r.id
WHERE r.id = %(id)s AND NOT EXISTS (SELECT 1 FROM chunk c WHERE c.recording_id = r.id AND c.index >= 0)
LIMIT 1

-- name: findings
SELECT chunk_index AS index, analysis, release, status FROM finding WHERE recording_id = %(id)s

-- name: reported_missing
SELECT gap ->> 'analysis' AS analysis, (gap ->> 'chunk')::int AS index
FROM report, jsonb_array_elements(body -> 'missing') AS gap
WHERE recording_id = %(id)s AND gap ->> 'code' <> 'not_run'

-- name: kept
-- What a chunk's last round wanted anew and did not get: its answer is older than the merge, which writes both at one time.
SELECT c.index, f.analysis
FROM chunk c JOIN finding f ON f.recording_id = c.recording_id AND f.chunk_index = c.index
WHERE c.recording_id = %(id)s AND c.state = 'merged' AND f.analysis = ANY (c.wanted) AND f.merged_at < c.merged_at

-- name: reopen_recording
UPDATE recording SET state = 'analyzing', round = %(round)s, analyses = %(analyses)s, finished_at = NULL,
                     error_code = NULL, error_detail = NULL,
                     request = request || coalesce(%(request)s::jsonb, '{}')
WHERE id = %(id)s

-- name: owner
-- The recording that counts as the one of this content (see the index recording_content_of_tenant).
SELECT other.id FROM recording mine JOIN recording other
  ON other.tenant = mine.tenant AND other.sha256 = mine.sha256 AND other.language = mine.language AND other.claimed_roles = mine.claimed_roles AND other.id <> mine.id
WHERE mine.id = %(id)s AND other.state <> 'failed' AND NOT other.forced

-- name: reopen_chunk
UPDATE chunk SET state = 'pending', round = %(round)s, wanted = %(wanted)s, attempts = 0, dispatched_at = NULL, merged_at = NULL
WHERE recording_id = %(id)s AND index = %(index)s

-- name: add_whole
INSERT INTO chunk (recording_id, index, start_ms, end_ms, speech, wanted)
VALUES (%(id)s, %(index)s, 0, %(duration_ms)s, %(speech)s, '{}')
