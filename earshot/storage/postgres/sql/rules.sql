-- name: lock_name
-- Two changes of one rule wait for each other, also of one that is not there yet.
SELECT pg_advisory_xact_lock(48, hashtext(%(tenant)s || '/' || %(name)s))

-- name: find
SELECT u.id, u.tenant, u.name, u.version, v.body, v.made_at, v.made_by,
       (SELECT count(*) FROM rule_match m WHERE m.rule_id = u.id AND m.gone_at IS NULL) AS matches
FROM rule u JOIN rule_version v ON v.rule_id = u.id AND v.version = u.version
WHERE u.tenant = %(tenant)s AND u.deleted_at IS NULL AND (%(name)s::text IS NULL OR u.name = %(name)s)
ORDER BY u.name

-- name: versions
SELECT u.id, u.tenant, u.name, v.version, v.body, v.made_at, v.made_by,
       (SELECT count(*) FROM rule_match m WHERE m.rule_id = u.id AND m.version = v.version AND m.gone_at IS NULL) AS matches
FROM rule u JOIN rule_version v ON v.rule_id = u.id
WHERE u.id = %(id)s ORDER BY v.version DESC LIMIT %(limit)s

-- name: count
SELECT count(*) AS rules FROM rule WHERE tenant = %(tenant)s AND deleted_at IS NULL

-- name: put
INSERT INTO rule (id, tenant, name, version) VALUES (%(id)s, %(tenant)s, %(name)s, %(version)s)
ON CONFLICT (id) DO UPDATE SET version = excluded.version

-- name: put_version
INSERT INTO rule_version (rule_id, version, body, made_by) VALUES (%(id)s, %(version)s, %(body)s, %(by)s)

-- name: delete
UPDATE rule SET deleted_at = now(), deleted_by = %(by)s WHERE tenant = %(tenant)s AND name = %(name)s AND deleted_at IS NULL
RETURNING id

-- name: of_recording
-- The enabled rules of the recording's tenant.
SELECT u.id, u.version, v.body FROM rule u JOIN rule_version v ON v.rule_id = u.id AND v.version = u.version
WHERE u.tenant = (SELECT r.tenant FROM recording r WHERE r.id = %(recording_id)s) AND u.deleted_at IS NULL
  AND coalesce((v.body ->> 'enabled')::boolean, true)
ORDER BY u.name

-- name: put_match
INSERT INTO rule_match (recording_id, rule_id, version, category) VALUES (%(recording_id)s, %(rule_id)s, %(version)s, %(category)s)
ON CONFLICT (recording_id, rule_id, version) DO UPDATE SET category = excluded.category, gone_at = NULL
RETURNING xmax = 0 AS is_new

-- name: take_away
-- Matches of these rules other than the present ones.
UPDATE rule_match m SET gone_at = now()
FROM unnest(%(recordings)s::uuid[], %(rules)s::uuid[], %(versions)s::int[]) AS now_(recording_id, rule_id, version)
WHERE m.recording_id = now_.recording_id AND m.rule_id = now_.rule_id AND m.version IS DISTINCT FROM now_.version AND m.gone_at IS NULL

-- name: texts
-- What turns say, of the newest calls first; the row behind the cursor begins the page.
SELECT r.id, r.file_name, r.created_at, coalesce(r.corrected_roles, r.roles) AS roles,
       EXISTS (SELECT FROM correction c WHERE c.recording_id = r.id AND c.undone_at IS NULL) AS corrected,
       CASE WHEN %(texts)s THEN jsonb_path_query_array(b.turns, '$[*].text') END AS texts,
       CASE WHEN %(texts)s THEN jsonb_path_exists(b.turns, '$[*] ? (@.transcribed != true)') END AS untranscribed
FROM recording r JOIN report p ON p.recording_id = r.id
CROSS JOIN LATERAL (SELECT CASE WHEN %(texts)s THEN p.body -> 'turns' END AS turns OFFSET 0) AS b
WHERE r.tenant = %(tenant)s AND r.finished_at IS NOT NULL
  AND (%(since)s::timestamptz IS NULL OR r.created_at >= %(since)s) AND r.created_at < %(until)s
  AND (%(reached)s::uuid IS NULL OR (r.created_at, r.id) < (%(reached_at)s, %(reached)s))
ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s

-- name: parts
-- The parts of reports that a rule reads. Words are left in them: most of them decide on nothing.
SELECT p.recording_id AS id,
       jsonb_build_object('duration_ms', b.recording -> 'duration_ms', 'roles', b.recording -> 'roles') AS recording,
       b.releases, b.skipped,
       CASE WHEN %(turns)s THEN (
           SELECT json_agg(json_build_array(t.id, t.role, t.start_ms, t.end_ms, t.text, t.transcribed, t.emotion, t.sentiment,
                                            t.text_sentiment, t.fusion))
           FROM jsonb_to_recordset(b.turns) AS t(id text, role text, start_ms integer, end_ms integer, text text, transcribed boolean,
                                                 emotion jsonb, sentiment jsonb, text_sentiment jsonb, fusion jsonb)) END AS turns,
       CASE WHEN %(figures)s AND jsonb_typeof(b.conversation) = 'object'
           THEN b.conversation - '{definitions,speech}'::text[] END AS conversation,
       CASE WHEN %(sounds)s THEN b.sounds END AS sounds, CASE WHEN %(sounds)s THEN b.emergencies END AS emergencies,
       CASE WHEN %(topics)s THEN b.topics END AS topics
FROM report p
CROSS JOIN LATERAL jsonb_to_record(p.body) AS b(recording jsonb, releases jsonb, skipped jsonb, turns jsonb, conversation jsonb,
                                                sounds jsonb, emergencies jsonb, topics jsonb)
WHERE p.recording_id = ANY (%(ids)s)

-- name: lock_calls
-- A batch of recordings against a round, a correction or a deletion until it is written.
SELECT r.id FROM recording r
WHERE r.id IN (
    SELECT i.id FROM recording i JOIN report p ON p.recording_id = i.id
    WHERE i.tenant = %(tenant)s AND i.finished_at IS NOT NULL
      AND (%(since)s::timestamptz IS NULL OR i.created_at >= %(since)s) AND i.created_at < %(until)s
      AND (%(reached)s::uuid IS NULL OR (i.created_at, i.id) < (%(reached_at)s, %(reached)s))
    ORDER BY i.created_at DESC, i.id DESC LIMIT %(limit)s)
ORDER BY r.id FOR UPDATE

-- name: words
-- Words of some turns; a turn's id is its place in the stored report.
SELECT p.recording_id, n.turn, b.turns #> ARRAY[substr(n.turn, 2), 'words'] AS words
FROM (SELECT id, array_agg(turn) AS turns FROM unnest(%(ids)s::uuid[], %(turns)s::text[]) AS w(id, turn) GROUP BY id) AS wanted
JOIN report p ON p.recording_id = wanted.id
CROSS JOIN LATERAL (SELECT p.body -> 'turns' AS turns OFFSET 0) AS b
CROSS JOIN LATERAL unnest(wanted.turns) AS n(turn)

-- name: add_backfill
INSERT INTO rule_backfill (id, rule_id, version, since, until, begun_by) VALUES (%(id)s, %(rule_id)s, %(version)s, %(since)s, %(until)s, %(by)s)
ON CONFLICT (rule_id) WHERE finished_at IS NULL DO NOTHING

-- name: backfills
SELECT b.*, u.tenant, u.name FROM rule_backfill b JOIN rule u ON u.id = b.rule_id
WHERE b.rule_id = %(rule_id)s ORDER BY b.begun_at DESC LIMIT %(limit)s

-- name: open_backfills
SELECT b.id FROM rule_backfill b WHERE b.finished_at IS NULL ORDER BY b.begun_at LIMIT %(limit)s

-- name: take_backfill
-- Of two processes one continues it.
SELECT b.*, u.tenant, u.name, u.deleted_at IS NOT NULL OR u.version <> b.version AS is_void, v.body
FROM rule_backfill b JOIN rule u ON u.id = b.rule_id JOIN rule_version v ON v.rule_id = b.rule_id AND v.version = b.version
WHERE b.id = %(id)s AND b.finished_at IS NULL FOR UPDATE OF b SKIP LOCKED

-- name: advance
UPDATE rule_backfill SET reached_at = coalesce(%(reached_at)s, reached_at), reached = coalesce(%(reached)s, reached),
       calls = calls + %(calls)s, matched = matched + %(matched)s, undecided = undecided + %(undecided)s,
       finished_at = CASE WHEN %(finished)s THEN now() END
WHERE id = %(id)s

-- name: end_backfills
UPDATE rule_backfill SET finished_at = now() WHERE rule_id = %(rule_id)s AND finished_at IS NULL
