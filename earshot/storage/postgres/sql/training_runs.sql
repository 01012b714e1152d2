-- name: begin
INSERT INTO training_run (id, model, data, folder, options, worker, lease_until)
VALUES (%(id)s, %(model)s, %(data)s, %(folder)s, %(options)s, %(worker)s, now() + make_interval(secs => %(lease_sec)s))
ON CONFLICT DO NOTHING

-- name: take_over
UPDATE training_run
SET worker = %(worker)s, attempts = attempts + 1, lease_until = now() + make_interval(secs => %(lease_sec)s)
WHERE id = %(id)s AND finished_at IS NULL AND lease_until < now()

-- name: renew
-- Nothing, where another worker has taken it over.
UPDATE training_run
SET lease_until = now() + make_interval(secs => %(lease_sec)s), progress = %(progress)s, state = %(state)s
WHERE id = %(id)s AND finished_at IS NULL AND worker = %(worker)s
RETURNING cancel_by

-- name: finish
UPDATE training_run
SET state = %(state)s, finished_at = now(), release = %(release)s, verdict = %(verdict)s, error_code = %(code)s, error_detail = %(detail)s
WHERE id = %(id)s AND finished_at IS NULL AND worker = %(worker)s

-- name: cancel
-- Its worker ends it. One whose worker is lost ends now.
UPDATE training_run
SET cancel_by = %(by)s,
    state = CASE WHEN lease_until < now() THEN 'canceled' ELSE state END,
    finished_at = CASE WHEN lease_until < now() THEN now() END
WHERE id = %(id)s AND finished_at IS NULL
RETURNING id

-- name: runs
SELECT id, model, data, folder, options, state, progress, attempts, worker, lease_until, cancel_by, release, verdict, error_code,
       error_detail, started_at, finished_at, finished_at IS NULL AND lease_until < now() AS lost
FROM training_run
WHERE (%(id)s::uuid IS NULL OR id = %(id)s) AND (%(model)s::text IS NULL OR model = %(model)s) AND (NOT %(open)s OR finished_at IS NULL)
ORDER BY started_at DESC
LIMIT %(limit)s
