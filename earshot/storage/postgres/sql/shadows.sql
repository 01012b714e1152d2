-- name: begin
-- A share alone is changed where it is in shadow already.
UPDATE release SET stage = 'shadow', shadow_share = %(share)s,
    shadow_since = CASE WHEN stage = 'shadow' THEN shadow_since ELSE now() END,
    shadow_seen = CASE WHEN stage = 'shadow' THEN shadow_seen ELSE now() END,
    shadow_costs = CASE WHEN stage = 'shadow' THEN shadow_costs ELSE %(costs)s END
WHERE analysis = %(analysis)s AND name = %(name)s AND stage <> 'active'

-- name: forget_earlier
-- Of an earlier shadow of the release, before the next one begins: its answers stood beside those of another active release, and its cost is
-- counted from another moment.
WITH earlier AS (
    DELETE FROM shadow_recording d USING release r
    WHERE d.analysis = r.analysis AND d.release = r.name AND r.analysis = %(analysis)s AND r.name = %(name)s AND r.stage <> 'shadow'
    RETURNING d.recording_id
)
DELETE FROM shadow_answer a USING earlier e WHERE a.recording_id = e.recording_id AND a.analysis = %(analysis)s AND a.release = %(name)s

-- name: end
UPDATE release SET stage = CASE WHEN EXISTS (
    SELECT FROM release_event e WHERE e.analysis = release.analysis AND e.release = release.name AND e."to" = 'active'
) THEN 'retired' ELSE 'candidate' END
WHERE analysis = %(analysis)s AND name = %(name)s AND stage = 'shadow'

-- name: hold
-- The releases before the recordings, as where a shadow ends: each would wait for the other.
SELECT FROM release WHERE stage = 'shadow' ORDER BY analysis, name FOR NO KEY UPDATE

-- name: sample
-- Finished recordings that the releases in shadow have not been given in their present round. What was finished by a transaction that
-- ended late is seen, too. Not those with personal data to remove: the active release had the sound before that.
INSERT INTO shadow_recording (recording_id, analysis, release, round)
SELECT r.id, s.analysis, s.name, r.round
FROM release s JOIN recording r ON r.finished_at > greatest(s.shadow_since, s.shadow_seen - interval '10 minutes')
WHERE s.stage = 'shadow' AND r.state IN ('complete', 'partial') AND r.audio <> '{}'
  AND r.scores_expired_at IS NULL AND NOT 'redaction' = ANY (r.analyses)
  AND s.analysis = ANY (r.analyses) AND shadow_point(r.id) < s.shadow_share
  AND NOT EXISTS (
    SELECT FROM shadow_recording d
    WHERE d.recording_id = r.id AND d.analysis = s.analysis AND d.release = s.name AND d.round >= r.round)
ON CONFLICT (recording_id, analysis, release) DO UPDATE
SET round = excluded.round, state = 'waiting', attempts = 0, worker = NULL, lease_until = NULL, queued_at = now(), finished_at = NULL, code = NULL
WHERE shadow_recording.round < excluded.round

-- name: forget_rounds
-- Answers of a round that another one has followed.
DELETE FROM shadow_answer a USING shadow_recording r
WHERE r.state = 'waiting' AND r.attempts = 0 AND a.answered_at < r.queued_at
  AND a.recording_id = r.recording_id AND a.analysis = r.analysis AND a.release = r.release

-- name: seen
UPDATE release SET shadow_seen = now() WHERE stage = 'shadow'

-- name: forget_ended
-- Answers to a part of a recording are compared with nothing.
WITH ended AS (
    DELETE FROM shadow_recording d WHERE d.state IN ('waiting', 'running') AND NOT EXISTS (
        SELECT FROM release r WHERE r.analysis = d.analysis AND r.name = d.release AND r.stage = 'shadow')
    RETURNING recording_id, analysis, release
)
DELETE FROM shadow_answer a USING ended e WHERE a.recording_id = e.recording_id AND a.analysis = e.analysis AND a.release = e.release

-- name: drop_oldest
-- Not what was begun: no recording that takes several tasks would ever be answered as a whole.
UPDATE shadow_recording d SET state = 'dropped', finished_at = now(), code = 'backlog'
FROM (
    SELECT recording_id, analysis, release,
           row_number() OVER (PARTITION BY analysis, release ORDER BY queued_at DESC, recording_id) AS place
    FROM shadow_recording WHERE state = 'waiting'
) AS w
WHERE w.place > %(most)s AND d.state = 'waiting'
  AND d.recording_id = w.recording_id AND d.analysis = w.analysis AND d.release = w.release
  AND NOT EXISTS (SELECT FROM shadow_answer a WHERE a.recording_id = d.recording_id AND a.analysis = d.analysis AND a.release = d.release)

-- name: waiting
SELECT count(*) AS waiting FROM shadow_recording
WHERE state = 'waiting' OR (state = 'running' AND lease_until < now())

-- name: take
-- The oldest that waits, or whose worker is lost.
UPDATE shadow_recording d
SET state = 'running', worker = %(worker)s, lease_until = now() + make_interval(secs => %(lease_sec)s), attempts = d.attempts + 1
FROM (
    SELECT s.recording_id, s.analysis, s.release
    FROM shadow_recording s JOIN release r ON r.analysis = s.analysis AND r.name = s.release AND r.stage = 'shadow'
    WHERE s.state = 'waiting' OR (s.state = 'running' AND s.lease_until < now())
    ORDER BY s.queued_at, s.recording_id, s.release LIMIT 1 FOR UPDATE OF s SKIP LOCKED
) AS w
WHERE d.recording_id = w.recording_id AND d.analysis = w.analysis AND d.release = w.release
RETURNING d.recording_id, d.analysis, d.release, d.round, d.attempts

-- name: put_back
UPDATE shadow_recording SET state = 'waiting', worker = NULL, lease_until = NULL, attempts = greatest(attempts - 1, 0)
WHERE recording_id = %(recording_id)s AND analysis = %(analysis)s AND release = %(release)s AND state = 'running' AND worker = %(worker)s

-- name: finish
UPDATE shadow_recording SET state = %(state)s, code = %(code)s, finished_at = now(), worker = NULL, lease_until = NULL
WHERE recording_id = %(recording_id)s AND analysis = %(analysis)s AND release = %(release)s AND state = 'running' AND worker = %(worker)s

-- name: unanswered
-- Chunks of a recording that the active release has answered, and this one has not.
SELECT c.index, c.round, c.start_ms, c.end_ms, c.speech
FROM chunk c JOIN finding f ON f.recording_id = c.recording_id AND f.chunk_index = c.index AND f.analysis = %(analysis)s
WHERE c.recording_id = %(recording_id)s AND c.end_ms > c.start_ms AND NOT EXISTS (
    SELECT FROM shadow_answer a
    WHERE a.recording_id = c.recording_id AND a.chunk_index = c.index AND a.analysis = f.analysis AND a.release = %(release)s)
ORDER BY c.index

-- name: put
-- Only while this worker has the recording, the release is in shadow, and no class of the recording has expired: retention locks its row.
WITH kept AS (
    SELECT r.id FROM recording r JOIN shadow_recording d ON d.recording_id = r.id
    JOIN release s ON s.analysis = d.analysis AND s.name = d.release AND s.stage = 'shadow'
    WHERE r.id = %(recording_id)s AND d.analysis = %(analysis)s AND d.release = %(release)s
      AND d.state = 'running' AND d.worker = %(worker)s AND r.round = d.round
      AND r.audio <> '{}' AND r.scores_expired_at IS NULL
    FOR SHARE OF r
), renewed AS (
    UPDATE shadow_recording d SET lease_until = now() + make_interval(secs => %(lease_sec)s) FROM kept
    WHERE d.recording_id = kept.id AND d.analysis = %(analysis)s AND d.release = %(release)s
)
INSERT INTO shadow_answer (recording_id, chunk_index, analysis, release, status, outcome, cpu_ms, sound_ms)
SELECT id, %(chunk_index)s, %(analysis)s, %(release)s, %(status)s, %(outcome)s, %(cpu_ms)s, %(sound_ms)s FROM kept
ON CONFLICT (recording_id, chunk_index, analysis, release) DO UPDATE
SET status = excluded.status, outcome = excluded.outcome, cpu_ms = excluded.cpu_ms, sound_ms = excluded.sound_ms, answered_at = now()

-- name: counts
SELECT state, code, count(*) AS recordings FROM shadow_recording
WHERE analysis = %(analysis)s AND release = %(name)s GROUP BY state, code ORDER BY state, code

-- name: pairs
-- Of whole recordings, each answer beside that of the release that answered for the chunk.
SELECT a.recording_id, a.chunk_index, c.start_ms, c.end_ms, f.release AS other, a.status, f.status AS other_status,
       a.outcome -> 'classification' AS answer, f.outcome -> 'classification' AS other_answer,
       a.outcome ->> 'reason' AS reason, f.outcome ->> 'reason' AS other_reason, a.outcome ->> 'code' AS code, a.cpu_ms, a.sound_ms
FROM shadow_answer a
JOIN shadow_recording d ON d.recording_id = a.recording_id AND d.analysis = a.analysis AND d.release = a.release AND d.state = 'done'
JOIN chunk c ON c.recording_id = a.recording_id AND c.index = a.chunk_index
JOIN finding f ON f.recording_id = a.recording_id AND f.chunk_index = a.chunk_index AND f.analysis = a.analysis
WHERE a.analysis = %(analysis)s AND a.release = %(name)s
ORDER BY a.recording_id, a.chunk_index
