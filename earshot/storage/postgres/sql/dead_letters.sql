-- name: add
INSERT INTO dead_letter (recording_id, chunk_index, round, analysis, release, code, reason, worker, attempts)
VALUES (%(recording_id)s, %(chunk_index)s, %(round)s, %(analysis)s, %(release)s, %(code)s, %(reason)s, %(worker)s, %(attempts)s)
ON CONFLICT (recording_id, chunk_index, analysis, round) DO NOTHING

-- name: quarantined
-- Chunks of this recording whose very content (the same file, the same stretch) ended the same release of the same analysis
-- under two other recordings of its tenant or more: no tenant learns what another one stored. A letter that was replayed does not count: somebody has asked to try again.
SELECT c.index, d.analysis, d.release
FROM chunk c
JOIN recording mine ON mine.id = c.recording_id
JOIN recording other ON other.tenant = mine.tenant AND other.sha256 = mine.sha256 AND other.id <> mine.id
JOIN chunk twin ON twin.recording_id = other.id AND twin.index = c.index AND twin.start_ms = c.start_ms AND twin.end_ms = c.end_ms
JOIN dead_letter d ON d.recording_id = twin.recording_id AND d.chunk_index = twin.index
WHERE c.recording_id = %(recording_id)s AND c.round = 1 AND d.state <> 'replayed' AND d.code = 'worker_lost'
GROUP BY c.index, d.analysis, d.release
HAVING count(DISTINCT d.recording_id) >= %(recordings)s

-- name: list
-- Of these ids, unless they are null.
SELECT d.id, d.recording_id, r.tenant, d.chunk_index, d.round, d.analysis, d.release, d.code, d.reason, d.worker, d.attempts, d.state,
       d.created_at, r.file_name, c.start_ms, c.end_ms
FROM dead_letter d
JOIN recording r ON r.id = d.recording_id
JOIN chunk c ON c.recording_id = d.recording_id AND c.index = d.chunk_index
WHERE (d.state = 'open' OR %(all)s) AND d.id > %(after)s AND (%(ids)s::bigint[] IS NULL OR d.id = ANY (%(ids)s::bigint[]))
ORDER BY d.id LIMIT %(limit)s

-- name: close
UPDATE dead_letter SET state = %(state)s, closed_at = now()
WHERE id = ANY (%(ids)s) AND state = 'open'
RETURNING id

-- name: close_asked_again
-- What is analysed again is no longer dead.
UPDATE dead_letter SET state = 'replayed', closed_at = now()
WHERE recording_id = %(recording_id)s AND chunk_index = %(chunk_index)s AND analysis = ANY (%(analyses)s) AND state = 'open'

-- name: count_open
SELECT count(*) AS open FROM dead_letter WHERE state = 'open'
