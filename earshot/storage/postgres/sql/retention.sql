-- name: now
SELECT extract(epoch FROM now())::float AS now

-- name: recordings
SELECT id FROM recording
WHERE finished_at < now() - make_interval(secs => %(least_sec)s)
  AND finished_at < now() - make_interval(secs => age_of_source(tenant, request ->> 'uri', %(sources)s, %(ages)s))
  AND NOT is_held(id, tenant, request ->> 'uri')
  AND state <> 'failed'
ORDER BY finished_at LIMIT %(limit)s

-- name: failed
SELECT id FROM recording
WHERE finished_at < now() - make_interval(secs => %(least_sec)s)
  AND finished_at < now() - make_interval(secs => age_of_source(tenant, request ->> 'uri', %(sources)s, %(ages)s))
  AND NOT is_held(id, tenant, request ->> 'uri')
  AND state = 'failed'
ORDER BY finished_at LIMIT %(limit)s

-- name: take_audio
-- Locked, so that no new round begins while the audio goes.
SELECT id FROM recording
WHERE finished_at < now() - make_interval(secs => %(least_sec)s)
  AND finished_at < now() - make_interval(secs => age_of_source(tenant, request ->> 'uri', %(sources)s, %(ages)s))
  AND NOT is_held(id, tenant, request ->> 'uri')
  AND finished_at IS NOT NULL AND audio <> '{}'
ORDER BY finished_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: take_words
SELECT id FROM recording
WHERE finished_at < now() - make_interval(secs => %(least_sec)s)
  AND finished_at < now() - make_interval(secs => age_of_source(tenant, request ->> 'uri', %(sources)s, %(ages)s))
  AND NOT is_held(id, tenant, request ->> 'uri')
  AND finished_at IS NOT NULL AND words_expired_at IS NULL
ORDER BY finished_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: take_scores
SELECT id FROM recording
WHERE finished_at < now() - make_interval(secs => %(least_sec)s)
  AND finished_at < now() - make_interval(secs => age_of_source(tenant, request ->> 'uri', %(sources)s, %(ages)s))
  AND NOT is_held(id, tenant, request ->> 'uri')
  AND finished_at IS NOT NULL AND scores_expired_at IS NULL
ORDER BY finished_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: reports
SELECT recording_id AS id, body FROM report WHERE recording_id = ANY (%(ids)s)

-- name: put_report
UPDATE report SET body = %(body)s WHERE recording_id = %(id)s

-- name: drop_segments
DELETE FROM segment WHERE recording_id = ANY (%(ids)s)

-- name: drop_corrections
WITH versions AS (DELETE FROM correction_version WHERE recording_id = ANY (%(ids)s))
DELETE FROM correction WHERE recording_id = ANY (%(ids)s)

-- name: drop_findings
DELETE FROM finding WHERE recording_id = ANY (%(ids)s) AND (%(analyses)s::text[] IS NULL OR analysis = ANY (%(analyses)s)) AND analysis <> ALL (%(kept)s)

-- name: drop_shadows
-- Analyses of words are never in shadow.
DELETE FROM shadow_answer WHERE recording_id = ANY (%(ids)s)

-- name: drop_reports
DELETE FROM report WHERE recording_id = ANY (%(ids)s)

-- name: strip_matches
-- Phrases and terms that were found; the places and other values stay.
UPDATE rule_match SET category = jsonb_set(category, '{hits}', coalesce((
    SELECT jsonb_agg(hit #- '{value,phrase}' #- '{value,term}' ORDER BY place) FROM jsonb_array_elements(category -> 'hits') WITH ORDINALITY AS each (hit, place)
), '[]'))
WHERE recording_id = ANY (%(ids)s)

-- name: drop_matches
DELETE FROM rule_match WHERE recording_id = ANY (%(ids)s)

-- name: words_expired
UPDATE recording SET words_expired_at = now() WHERE id = ANY (%(ids)s)

-- name: scores_expired
-- It no longer answers for its content: the same file is analysed when it is submitted again.
UPDATE recording SET words_expired_at = coalesce(words_expired_at, now()), scores_expired_at = now(), quality = NULL, notes = '{}', claimed_roles = NULL
WHERE id = ANY (%(ids)s)

-- name: audio_expired
UPDATE recording SET audio = '{}', audio_expired_at = now() WHERE id = ANY (%(ids)s)

-- name: drop_events
-- An emergency stays with its recording: its id keeps it from being told again when the recording is analysed again.
DELETE FROM outbox WHERE seq = ANY (ARRAY(
    SELECT seq FROM outbox o
    WHERE published_at < now() - make_interval(secs => %(age_sec)s)
      AND CASE WHEN body ->> 'type' = 'emergency' THEN (SELECT r.id FROM recording r WHERE r.id = o.recording_id) IS NULL ELSE true END
    ORDER BY published_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, stream_id, tenant, place, position

-- name: note_trimmed
INSERT INTO outbox_trimmed (tenant, place, position) VALUES (%(tenant)s, %(place)s, %(position)s)
ON CONFLICT (tenant) DO UPDATE
SET place = greatest(outbox_trimmed.place, excluded.place), position = greatest(outbox_trimmed.position, excluded.position)

-- name: drop_dead_letters
DELETE FROM dead_letter WHERE id = ANY (ARRAY(
    SELECT id FROM dead_letter WHERE closed_at < now() - make_interval(secs => %(age_sec)s) ORDER BY closed_at LIMIT %(limit)s
))

-- name: open_uploads
-- Also what comes in pieces and is not complete.
-- What lies in the inbox for requests that are not done, or that failed for their surroundings and may be started again.
SELECT request ->> 'uri' AS uri FROM recording WHERE finished_at IS NULL
UNION ALL
SELECT request ->> 'uri' FROM recording
WHERE state = 'failed' AND error_code = ANY (%(codes)s)
  AND (%(age_sec)s::float IS NULL OR finished_at >= now() - make_interval(secs => %(age_sec)s) OR is_held(id, tenant, request ->> 'uri'))
UNION ALL
SELECT uri FROM upload WHERE recording_id IS NULL

-- name: known
SELECT id FROM recording WHERE id = ANY (%(ids)s)

-- name: sizes
-- Class, how many, bytes, and the oldest (seconds since the epoch).
SELECT 'recordings' AS class, count(*) AS number, extract(epoch FROM min(finished_at))::float AS oldest,
       (SELECT sum(pg_total_relation_size(name)) FROM unnest(ARRAY['recording', 'chunk', 'finding', 'segment', 'report', 'export', 'correction', 'correction_version', 'shadow_answer']) AS name)::bigint AS bytes
FROM recording WHERE finished_at IS NOT NULL AND state <> 'failed'
UNION ALL
SELECT 'audio', count(*), extract(epoch FROM min(finished_at))::float,
       coalesce(sum(duration_ms::float / 1000 * channels * 2 * (SELECT sum(rate::int) FROM jsonb_object_keys(audio) AS rate)), 0)::bigint
FROM recording WHERE audio <> '{}' AND finished_at IS NOT NULL
UNION ALL
SELECT 'failed', count(*), extract(epoch FROM min(finished_at))::float, pg_total_relation_size('dead_letter')
FROM recording WHERE state = 'failed'
UNION ALL
SELECT 'events', count(*), extract(epoch FROM min(published_at))::float, pg_total_relation_size('outbox')
FROM outbox
UNION ALL
SELECT 'tombstones', count(*), extract(epoch FROM min(requested_at))::float, pg_total_relation_size('tombstone')
FROM tombstone
