-- name: register
INSERT INTO recording (id, tenant, state, request, file_name, analyses, roles, language, forced, expected_chunks)
VALUES (%(id)s, %(tenant)s, 'queued', %(request)s, %(file_name)s, %(analyses)s, %(roles)s, %(language)s, %(forced)s, %(expected_chunks)s)
ON CONFLICT (id) DO NOTHING

-- name: redact_more
-- Of the same content is another recording then, or none.
UPDATE recording SET request = request || jsonb_build_object('redact', %(kinds)s::jsonb), analyses = %(analyses)s, same_as = NULL
WHERE id = %(id)s AND state IN ('queued', 'ingesting')

-- name: note_content
UPDATE recording SET sha256 = %(sha256)s, claimed_roles = CASE WHEN sha256 = %(sha256)s THEN claimed_roles END WHERE id = %(id)s

-- name: claim_content
UPDATE recording SET claimed_roles = %(roles)s, same_as = NULL WHERE id = %(id)s

-- name: same_content
SELECT other.id FROM recording mine JOIN recording other
  ON other.tenant = mine.tenant AND other.sha256 = mine.sha256 AND other.language = mine.language AND other.claimed_roles = %(roles)s AND other.id <> mine.id
WHERE mine.id = %(id)s AND other.state <> 'failed' AND NOT other.forced

-- name: note_same
UPDATE recording SET same_as = %(same_as)s WHERE id = %(id)s

-- name: noted_same
SELECT other.id FROM recording mine JOIN recording other ON other.id = mine.same_as
WHERE mine.id = %(id)s AND mine.state = 'ingesting' AND other.state <> 'failed'

-- name: audio_is_back
UPDATE recording SET audio = %(audio)s, audio_expired_at = NULL WHERE id = %(id)s AND audio_expired_at IS NOT NULL

-- name: forget
DELETE FROM recording WHERE id = %(id)s

-- name: store_audio
UPDATE recording
SET state = 'analyzing', duration_ms = %(duration_ms)s, channels = %(channels)s, native_rate = %(native_rate)s,
    container = %(container)s, codec = %(codec)s, dual_mono = %(dual_mono)s, audio = %(audio)s, roles = %(roles)s,
    roles_source = %(roles_source)s, notes = %(notes)s, quality = %(quality)s, waits_for = NULL, waits_since = NULL
WHERE id = %(id)s AND state = 'ingesting'

-- name: add_chunk
INSERT INTO chunk (recording_id, index, start_ms, end_ms, speech, wanted)
VALUES (%(recording_id)s, %(index)s, %(start_ms)s, %(end_ms)s, %(speech)s, %(wanted)s)
ON CONFLICT DO NOTHING

-- name: fail
UPDATE recording SET state = 'failed', error_code = %(code)s, error_detail = %(detail)s, finished_at = now()
WHERE id = %(id)s AND state = ANY (%(open_states)s) AND (%(round)s::int IS NULL OR round = %(round)s)
RETURNING file_name, round

-- name: get
SELECT id, tenant, state, round, request, file_name, sha256, forced, analyses, roles, roles_source, language, duration_ms, channels, native_rate,
       container, codec, dual_mono, audio, notes, quality, error_code, error_detail, created_at, finished_at
FROM recording WHERE id = %(id)s

-- name: find
SELECT id FROM recording WHERE id::text LIKE %(prefix)s || '%%' ORDER BY id LIMIT 2

-- name: recent
SELECT id, state, file_name, duration_ms, channels, error_code, error_detail, created_at, finished_at
FROM recording ORDER BY created_at DESC LIMIT %(limit)s

-- name: matching
-- Closed recordings, the oldest first; what is not asked about matches.
SELECT id FROM recording
WHERE finished_at IS NOT NULL AND (NOT %(decoded)s OR duration_ms IS NOT NULL OR error_code = ANY (%(codes)s))
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
ORDER BY created_at

-- name: of_content
-- Recordings of these contents that were not forced, the newest first; not those whose results retention removed.
SELECT id, state, sha256, request, language, file_name, error_code, error_detail FROM recording
WHERE tenant = %(tenant)s AND sha256 = ANY (%(digests)s) AND NOT forced AND (scores_expired_at IS NULL OR state = 'failed')
ORDER BY created_at DESC

-- name: expired
SELECT words_expired_at IS NOT NULL AS words, scores_expired_at IS NOT NULL AS scores FROM recording WHERE id = %(id)s

-- name: lengths
SELECT id, duration_ms FROM recording WHERE id = ANY (%(ids)s) AND duration_ms IS NOT NULL

-- name: failed_parts
-- What failed on chunks of these recordings, by analysis and code.
SELECT analysis, outcome ->> 'code' AS code, count(*) AS chunks FROM finding
WHERE recording_id = ANY (%(ids)s) AND status = 'failed'
GROUP BY analysis, code ORDER BY analysis, code

-- name: note_export
INSERT INTO export (recording_id, host, path) SELECT %(id)s, %(host)s, %(path)s FROM recording WHERE id = %(id)s FOR KEY SHARE
ON CONFLICT DO NOTHING

-- name: progress
SELECT r.id, r.state, r.file_name, r.error_code, r.error_detail,
       count(c.index) AS chunks_total, count(c.index) FILTER (WHERE c.state = 'merged') AS chunks_merged
FROM recording r LEFT JOIN chunk c ON c.recording_id = r.id AND c.round = r.round
WHERE r.id = ANY (%(ids)s)
GROUP BY r.id

-- name: report
SELECT body FROM report WHERE recording_id = %(id)s
