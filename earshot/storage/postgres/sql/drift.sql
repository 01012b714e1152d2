-- name: tenants
-- Those first that were measured longest ago: where the time of a day is not enough, the next one begins with the rest.
SELECT tenant FROM (SELECT DISTINCT tenant FROM recording WHERE finished_at >= now() - make_interval(days => %(days)s)) AS recent
ORDER BY (SELECT max(d.measured_at) FROM drift d WHERE d.tenant = recent.tenant) NULLS FIRST, tenant

-- name: since
-- When the release began to answer, if that is known.
SELECT max(at) AS at FROM release_event WHERE analysis = %(analysis)s AND release = %(release)s AND "to" = 'active'

-- name: seen
-- What a release answered for recordings of a tenant that ended after a time: the first ones, or the newest.
WITH chosen AS MATERIALIZED (
    (SELECT r.id, r.finished_at, r.language, r.quality, p.body FROM recording r JOIN report p ON p.recording_id = r.id
     WHERE NOT %(newest)s AND r.tenant = %(tenant)s AND r.finished_at > %(after)s AND %(analysis)s = ANY(r.analyses)
       AND p.body -> 'releases' -> %(analysis)s = jsonb_build_array(%(release)s::text)
     ORDER BY r.finished_at LIMIT %(limit)s)
    UNION ALL
    (SELECT r.id, r.finished_at, r.language, r.quality, p.body FROM recording r JOIN report p ON p.recording_id = r.id
     WHERE %(newest)s AND r.tenant = %(tenant)s AND r.finished_at > %(after)s AND %(analysis)s = ANY(r.analyses)
       AND p.body -> 'releases' -> %(analysis)s = jsonb_build_array(%(release)s::text)
     ORDER BY r.finished_at DESC LIMIT %(limit)s)
), answered AS (
    SELECT c.id, t.answer ->> 'label' AS label, (t.answer ->> 'confidence')::float8 AS confidence, t.end_ms - t.start_ms AS length
    FROM chosen c, LATERAL (
        SELECT start_ms, end_ms, CASE %(analysis)s WHEN 'emotion' THEN emotion ELSE sentiment END AS answer
        FROM jsonb_to_recordset(c.body -> 'turns') AS turn (start_ms int, end_ms int, emotion jsonb, sentiment jsonb)) AS t
    WHERE %(analysis)s IN ('emotion', 'sentiment') AND jsonb_typeof(t.answer) = 'object'
    UNION ALL
    SELECT c.id, s.label, s.confidence, s.end_ms - s.start_ms
    FROM chosen c, jsonb_to_recordset(CASE %(analysis)s WHEN 'scene' THEN c.body -> 'scene' ELSE c.body #> '{noise,timeline}' END)
        AS s (label text, start_ms int, end_ms int, confidence float8)
    WHERE %(analysis)s IN ('scene', 'noise')
), timed AS (
    SELECT id, label, sum(length)::float8 AS length, sum(confidence * length) AS sure FROM answered WHERE length > 0 GROUP BY id, label
), pooled AS (
    SELECT id, jsonb_object_agg(label, length) AS lengths, sum(length) AS length, sum(sure) AS sure FROM timed GROUP BY id
)
SELECT c.id, c.finished_at, (SELECT jsonb_object_agg(key, value::float8 / p.length) FROM jsonb_each_text(p.lengths)) AS labels,
       p.sure / p.length AS confidence, (c.quality ->> 'snr_db')::float8 AS snr_db, coalesce(c.body ->> 'transcript_language', c.language) AS language
FROM chosen c JOIN pooled p USING (id)

-- name: baseline
SELECT recordings, until, histograms FROM release_baseline WHERE analysis = %(analysis)s AND release = %(release)s AND tenant = %(tenant)s

-- name: put_baseline
INSERT INTO release_baseline (analysis, release, tenant, recordings, until, histograms)
VALUES (%(analysis)s, %(release)s, %(tenant)s, %(recordings)s, %(until)s, %(histograms)s)
ON CONFLICT DO NOTHING

-- name: last
-- The alarm of the last measurement.
SELECT alarm FROM drift
WHERE analysis = %(analysis)s AND release = %(release)s AND tenant = %(tenant)s AND figure = %(figure)s
ORDER BY day DESC LIMIT 1

-- name: put
INSERT INTO drift (analysis, release, tenant, figure, n_reference, n, psi, null95, alarm, moved)
VALUES (%(analysis)s, %(release)s, %(tenant)s, %(figure)s, %(n_reference)s, %(n)s, %(psi)s, %(null)s, %(alarm)s, %(moved)s)
ON CONFLICT (analysis, release, tenant, figure, day) DO UPDATE
SET n_reference = excluded.n_reference, n = excluded.n, psi = excluded.psi, null95 = excluded.null95, alarm = excluded.alarm,
    moved = excluded.moved, measured_at = now()
