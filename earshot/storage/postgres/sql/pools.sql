-- name: pause
INSERT INTO pool_pause (pool) VALUES (%(pool)s) ON CONFLICT DO NOTHING

-- name: resume
DELETE FROM pool_pause WHERE pool = %(pool)s

-- name: paused
SELECT pool FROM pool_pause ORDER BY pool

-- name: unmerged
-- Chunks of the ledger that wait for each analysis, or for its merge; and recordings that wait for releases in shadow.
SELECT name, count(*) AS chunks FROM chunk, unnest(wanted) AS name WHERE state <> 'merged' GROUP BY name
UNION ALL
SELECT 'shadow', count(*) FROM shadow_recording WHERE state = 'waiting'

-- name: failures
SELECT analysis AS name, count(*) AS failures FROM finding
WHERE status = 'failed' AND merged_at > now() - make_interval(secs => %(age_sec)s) GROUP BY analysis
UNION ALL
SELECT 'ingest', count(*) FROM recording WHERE state = 'failed' AND finished_at > now() - make_interval(secs => %(age_sec)s)
UNION ALL
SELECT 'shadow', count(*) FROM shadow_recording WHERE state = 'failed' AND finished_at > now() - make_interval(secs => %(age_sec)s)
UNION ALL
SELECT 'retrain', count(*) FROM training_run WHERE state = 'failed' AND finished_at > now() - make_interval(secs => %(age_sec)s)

-- name: dead
SELECT analysis AS name, count(*) AS letters FROM dead_letter WHERE state = 'open' GROUP BY analysis

-- name: requests
-- Recordings that no worker has taken up, and the age of the oldest request.
SELECT count(*) AS waiting, extract(epoch FROM now() - min(ingest_sent_at))::float8 AS oldest_sec
FROM recording WHERE state = 'queued' AND finished_at IS NULL
