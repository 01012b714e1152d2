-- name: take_pending
-- Marks a recording's undispatched chunks as on their way; two dispatchers at once never take the same chunk. Its transcript
-- (index -2) is taken once all else is merged.
WITH taken AS (
    SELECT recording_id, index FROM chunk c
    WHERE recording_id = %(recording_id)s AND state = 'pending' AND (index <> -2 OR NOT EXISTS (
        SELECT 1 FROM chunk o WHERE o.recording_id = c.recording_id AND o.index <> -2 AND o.state <> 'merged'))
    ORDER BY index FOR UPDATE SKIP LOCKED
)
UPDATE chunk c SET state = 'dispatched', dispatched_at = now(), attempts = attempts + 1,
    releases = %(releases)s, releases_at = now()
FROM taken WHERE c.recording_id = taken.recording_id AND c.index = taken.index
RETURNING c.index, c.round, c.wanted, c.start_ms, c.end_ms, c.speech, c.attempts, c.dispatched_at

-- name: note_release
-- Of an analysis whose release is known after the chunks are taken.
UPDATE chunk SET releases = releases || jsonb_build_object(%(analysis)s::text, %(release)s::text)
WHERE recording_id = %(recording_id)s AND index = ANY (%(indexes)s) AND state = 'dispatched' AND dispatched_at = %(dispatched_at)s

-- name: give_back
-- What was never published was no attempt.
UPDATE chunk SET state = 'pending', dispatched_at = NULL, attempts = attempts - 1
WHERE recording_id = %(recording_id)s AND index = ANY (%(indexes)s) AND state = 'dispatched' AND dispatched_at = %(dispatched_at)s

-- name: pull_back
-- Times to come were written before the clock was set back: nothing would be late before they are reached again.
UPDATE chunk SET dispatched_at = now(), releases_at = CASE WHEN releases_at = dispatched_at THEN now() END
WHERE state = 'dispatched' AND dispatched_at > now() + make_interval(secs => 5)

-- name: on_their_way
-- Dispatched longer ago than that and not merged, the oldest first.
SELECT recording_id, index, round, attempts, wanted, dispatched_at, CASE WHEN releases_at = dispatched_at THEN releases END AS releases
FROM chunk
WHERE state = 'dispatched' AND dispatched_at < now() - make_interval(secs => %(age_sec)s)
ORDER BY dispatched_at

-- name: count_again
UPDATE chunk SET attempts = attempts + 1, dispatched_at = now(), releases_at = CASE WHEN releases_at = dispatched_at THEN now() END
WHERE recording_id = %(recording_id)s AND index = %(index)s AND state = 'dispatched' AND dispatched_at = %(dispatched_at)s

-- name: release
-- Only if it is the very dispatch that was found lost: of two reconcilers one succeeds.
UPDATE chunk SET state = 'pending', dispatched_at = NULL
WHERE recording_id = %(recording_id)s AND index = %(index)s AND state = 'dispatched' AND dispatched_at = %(dispatched_at)s

-- name: unmerged
SELECT count(*) AS unmerged FROM chunk WHERE state <> 'merged'

-- name: waiting_requests
SELECT coalesce(sum(expected_chunks), 0) AS waiting FROM recording WHERE state IN ('queued', 'ingesting') AND finished_at IS NULL

-- name: undispatched
-- Recordings with pending chunks that nobody is dispatching: their producer died between commit and publish.
SELECT DISTINCT c.recording_id FROM chunk c JOIN recording r ON r.id = c.recording_id
WHERE c.state = 'pending' AND r.state = 'analyzing' AND r.finished_at IS NULL AND (c.index <> -2 OR NOT EXISTS (
    SELECT 1 FROM chunk o WHERE o.recording_id = c.recording_id AND o.index <> -2 AND o.state <> 'merged'))

-- name: unfinalized
SELECT r.id FROM recording r
WHERE r.state = 'analyzing' AND r.finished_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM chunk c WHERE c.recording_id = r.id AND c.state <> 'merged')

-- name: lock_unmerged
-- Rows of a batch that are still to be merged in that round, locked in one order so that two merges cannot deadlock.
SELECT c.recording_id, c.index, c.round, c.wanted, c.start_ms, c.end_ms, c.attempts, r.quality,
       CASE WHEN c.releases_at = c.dispatched_at THEN c.releases END AS releases
FROM chunk c
JOIN recording r ON r.id = c.recording_id
JOIN unnest(%(recordings)s::uuid[], %(indexes)s::int[], %(rounds)s::int[]) AS named (recording_id, index, round)
  ON named.recording_id = c.recording_id AND named.index = c.index AND named.round = c.round
WHERE c.state <> 'merged'
ORDER BY c.recording_id, c.index
FOR UPDATE OF c

-- name: still_open
SELECT c.recording_id, c.index, c.round
FROM chunk c
JOIN unnest(%(recordings)s::uuid[], %(indexes)s::int[], %(rounds)s::int[]) AS named (recording_id, index, round)
  ON named.recording_id = c.recording_id AND named.index = c.index AND named.round = c.round
WHERE c.state <> 'merged'

-- name: answers
-- What was answered about these chunks before.
SELECT f.recording_id, f.chunk_index AS index, f.analysis, f.release, f.outcome -> 'classification' AS answer
FROM finding f
JOIN unnest(%(recordings)s::uuid[], %(indexes)s::int[]) AS named (recording_id, index)
  ON named.recording_id = f.recording_id AND named.index = f.chunk_index
WHERE jsonb_typeof(f.outcome -> 'classification') = 'object'

-- name: put_finding
-- In a later round the new answer takes the old one's place, but a failure does not take that of an answer, unless it has findings.
INSERT INTO finding (recording_id, chunk_index, analysis, release, status, outcome)
VALUES (%(recording_id)s, %(chunk_index)s, %(analysis)s, %(release)s, %(status)s, %(outcome)s)
ON CONFLICT (recording_id, chunk_index, analysis) DO UPDATE
SET release = excluded.release, status = excluded.status, outcome = excluded.outcome, merged_at = now()
WHERE excluded.status <> 'failed' OR finding.status = 'failed' OR jsonb_typeof(excluded.outcome -> 'findings') = 'object'

-- name: replace_outcome
UPDATE finding SET outcome = %(outcome)s WHERE recording_id = %(id)s AND chunk_index = %(chunk)s AND analysis = %(analysis)s

-- name: mark_merged
UPDATE chunk SET state = 'merged', merged_at = now()
WHERE recording_id = %(recording_id)s AND index = %(index)s

-- name: all_merged
SELECT NOT EXISTS (SELECT 1 FROM chunk WHERE recording_id = %(id)s AND state <> 'merged') AS all_merged

-- name: ready
SELECT r.id, r.state = 'analyzing'
             AND NOT EXISTS (SELECT 1 FROM chunk c WHERE c.recording_id = r.id AND c.state <> 'merged') AS ready
FROM recording r WHERE r.id = ANY (%(ids)s)

-- name: transcribed
-- Of these recordings those whose transcript can be read: all else is merged, and analyses of it are pending.
SELECT c.recording_id AS id FROM chunk c
WHERE c.recording_id = ANY (%(ids)s) AND c.index = -2 AND c.state = 'pending' AND NOT EXISTS (
    SELECT 1 FROM chunk o WHERE o.recording_id = c.recording_id AND o.index <> -2 AND o.state <> 'merged')

-- name: closed_with_transcript
SELECT r.id, r.round FROM recording r
WHERE r.id = ANY (%(ids)s) AND r.finished_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM chunk c WHERE c.recording_id = r.id AND c.index = -2)

-- name: lock_recording
SELECT state, round FROM recording WHERE id = %(id)s FOR UPDATE

-- name: chunks
SELECT index, start_ms, end_ms, speech FROM chunk WHERE recording_id = %(id)s ORDER BY index

-- name: findings
SELECT f.chunk_index AS chunk, c.start_ms, c.end_ms, f.analysis, f.release, f.outcome
FROM finding f JOIN chunk c ON c.recording_id = f.recording_id AND c.index = f.chunk_index
WHERE f.recording_id = %(id)s
ORDER BY f.analysis, f.chunk_index

-- name: add_segment
INSERT INTO segment (recording_id, index, start_ms, end_ms, channel, speaker, role, text, emotion)
VALUES (%(recording_id)s, %(index)s, %(start_ms)s, %(end_ms)s, %(channel)s, %(speaker)s, %(role)s, %(text)s, %(emotion)s)

-- name: forget_segments
DELETE FROM segment WHERE recording_id = %(id)s

-- name: put_report
INSERT INTO report (recording_id, body) VALUES (%(id)s, %(body)s)
ON CONFLICT (recording_id) DO UPDATE SET body = excluded.body, created_at = now()

-- name: close_recording
UPDATE recording SET state = %(state)s, finished_at = now(), words_expired_at = NULL, scores_expired_at = NULL WHERE id = %(id)s
