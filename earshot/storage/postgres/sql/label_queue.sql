-- name: queue
-- Answers of the newest recordings with sound, those first that a label by a person would teach most, one of a recording and speaker;
-- and some drawn by lot: recordings, and one answer of each.
WITH recent AS MATERIALIZED (
    SELECT r.id, r.file_name, p.body,
           CASE WHEN coalesce(r.request -> 'redact', 'false') NOT IN ('false', 'null', '[]') THEN p.body #> '{sections,redaction,stretches}' END AS silent,
           (SELECT jsonb_agg(coalesce(c.target -> 'turn', c.target -> 'span')) FROM correction c
            WHERE c.recording_id = r.id AND c.kind = %(analysis)s AND c.undone_at IS NULL) AS labelled
    FROM recording r JOIN report p ON p.recording_id = r.id
    WHERE r.finished_at IS NOT NULL AND r.audio <> '{}' AND (%(tenant)s::text IS NULL OR r.tenant = %(tenant)s)
      AND age_of_source(r.tenant, r.request ->> 'uri', %(sources)s, %(forbidden)s) IS NULL
    ORDER BY r.created_at DESC, r.id LIMIT %(recordings)s
), answered AS (
    SELECT r.id, r.silent, r.labelled, t.channel, t.speaker, t.start_ms, t.end_ms, t.answer ->> 'label' AS label, (t.answer ->> 'confidence')::float8 AS confidence,
           t.answer ->> 'label_native' AS native, t.answer -> 'scores' AS scores, t.emotion ->> 'label' AS emotion,
           t.sentiment ->> 'label' AS voice, t.text_sentiment ->> 'label' AS words
    FROM recent r, LATERAL (
        SELECT *, CASE %(analysis)s WHEN 'emotion' THEN emotion ELSE sentiment END AS answer
        FROM jsonb_to_recordset(r.body -> 'turns')
            AS turn (channel int, speaker text, start_ms int, end_ms int, emotion jsonb, sentiment jsonb, text_sentiment jsonb)) AS t
    WHERE %(analysis)s IN ('emotion', 'sentiment') AND jsonb_typeof(t.answer) = 'object'
    UNION ALL
    SELECT r.id, r.silent, r.labelled, NULL, NULL, s.start_ms, s.end_ms, s.label, s.confidence, NULL, NULL, NULL, NULL, NULL
    FROM recent r, jsonb_to_recordset(CASE %(analysis)s WHEN 'scene' THEN r.body -> 'scene' ELSE r.body #> '{noise,timeline}' END)
        AS s (label text, start_ms int, end_ms int, confidence float8)
    WHERE %(analysis)s IN ('scene', 'noise')
), scored AS MATERIALIZED (
    -- The margin is the confidence less the best other share; of a stretch, which has no shares, the confidence.
    SELECT a.id, a.channel, a.speaker, a.start_ms, a.end_ms, a.label,
           1 - a.confidence + CASE WHEN a.scores IS NULL THEN 0 ELSE coalesce(
               (SELECT max(value::float8) FROM jsonb_each_text(a.scores) WHERE key <> coalesce(a.native, a.label)), 0) END AS uncertainty,
           CASE WHEN sides.own IS NULL THEN NULL
                WHEN sides.own * (%(sides)s::jsonb ->> a.words)::int < 0 THEN 'words'
                WHEN sides.own * (%(sides)s::jsonb ->> a.voice)::int < 0 THEN 'sentiment'
                WHEN sides.own * (%(sides)s::jsonb ->> a.emotion)::int < 0 THEN 'emotion' END AS against
    FROM answered a, LATERAL (SELECT (%(sides)s::jsonb ->> CASE WHEN a.speaker IS NOT NULL THEN a.label END)::int AS own) AS sides
    WHERE a.end_ms - a.start_ms >= %(least_ms)s
      AND NOT EXISTS (
          SELECT FROM jsonb_to_recordset(a.labelled) AS place (channel int, start_ms int, end_ms int)
          WHERE place.start_ms < a.end_ms AND a.start_ms < place.end_ms AND coalesce(place.channel = a.channel, true))
      AND NOT EXISTS (
          SELECT FROM jsonb_to_recordset(a.silent) AS stretch (start_ms int, end_ms int)
          WHERE stretch.start_ms < a.end_ms AND a.start_ms < stretch.end_ms)
), labels AS (
    SELECT label, count(*)::float8 / sum(count(*)) OVER ()::float8 AS share FROM scored GROUP BY label
), valued AS MATERIALIZED (
    -- In the order of the figures: uncertainty in tenths, then disagreement, then how rare the label is.
    SELECT s.*, l.share, round(s.uncertainty::numeric, 1)::float8 + CASE WHEN s.against IS NULL THEN 0 ELSE 0.09 END + 0.009 * (1 - l.share) AS score
    FROM scored s JOIN labels l USING (label)
), drawn AS (
    SELECT DISTINCT ON (id) * FROM valued
    WHERE id IN (SELECT id FROM scored GROUP BY id ORDER BY hashtextextended(id::text, %(seed)s) LIMIT %(drawn)s)
    ORDER BY id, hashtextextended(start_ms || coalesce(speaker, ''), %(seed)s)
), pool AS (
    SELECT * FROM (SELECT DISTINCT ON (id, speaker) * FROM valued ORDER BY id, speaker, score DESC, uncertainty DESC, start_ms) AS best
    WHERE NOT EXISTS (SELECT FROM drawn d WHERE d.id = best.id AND d.speaker IS NOT DISTINCT FROM best.speaker)
    ORDER BY score DESC, uncertainty DESC, id, start_ms LIMIT 4 * %(n)s
), judged AS (
    -- Stretches are compared with speech and words, which takes longer: of the most uncertain alone.
    SELECT p.*, CASE WHEN %(analysis)s = 'scene' AND p.label = 'speech' AND o.speech + o.words = 0 THEN 'no_speech'
                     WHEN %(analysis)s = 'scene' AND p.label IN ('music', 'noise', 'silence') AND o.words > 0.5 THEN 'transcript'
                     WHEN %(analysis)s = 'scene' AND p.label IN ('music', 'noise', 'silence') AND o.speech > 0.5 THEN 'speech'
                     WHEN %(analysis)s = 'noise' AND p.label NOT IN ('no_noise', 'silence', 'unclear') AND o.silence > 0.5 THEN 'silence'
                END AS opposed
    FROM pool p JOIN recent r USING (id) LEFT JOIN LATERAL (
        SELECT coalesce(sum(part) FILTER (WHERE kind = 'speech'), 0) AS speech, coalesce(sum(part) FILTER (WHERE kind = 'words'), 0) AS words,
               coalesce(sum(part) FILTER (WHERE kind = 'silence'), 0) AS silence
        FROM (SELECT 'speech' AS kind, span FROM jsonb_array_elements(r.body #> '{conversation,speech}') AS e (span)
              UNION ALL SELECT 'words', span FROM jsonb_array_elements(r.body -> 'turns') AS e (span) WHERE span ->> 'text' <> ''
              UNION ALL SELECT 'silence', span FROM jsonb_array_elements(r.body -> 'scene') AS e (span) WHERE span ->> 'label' = 'silence') AS parts,
             LATERAL (SELECT greatest(0, least((span ->> 'end_ms')::int, p.end_ms) - greatest((span ->> 'start_ms')::int, p.start_ms))::float8
                             / (p.end_ms - p.start_ms) AS part) AS overlap
        WHERE part > 0
    ) AS o ON %(analysis)s IN ('scene', 'noise')
), chosen AS (
    SELECT id, channel, speaker, start_ms, end_ms, label, uncertainty, share, coalesce(against, opposed) AS against,
           score + CASE WHEN opposed IS NULL THEN 0 ELSE 0.09 END AS score, false AS drawn
    FROM judged ORDER BY score DESC, uncertainty DESC, id, start_ms LIMIT %(n)s - (SELECT count(*) FROM drawn)
)
SELECT found.*, r.file_name
FROM (SELECT * FROM chosen
      UNION ALL SELECT id, channel, speaker, start_ms, end_ms, label, uncertainty, share, against, score, true FROM drawn) AS found
JOIN recent r USING (id)
ORDER BY found.drawn, found.score DESC, found.uncertainty DESC, found.id, found.start_ms
