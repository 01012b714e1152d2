-- name: page
-- The newest first; the row behind the cursor begins the page. The conditions are those below that are asked for: a planner that sees only these
-- takes their index, or walks the tenant's recordings where that is less.
SELECT r.id, r.state, r.file_name, r.language, r.analyses, r.duration_ms, r.channels, r.error_code, r.error_detail, r.created_at, r.finished_at
FROM recording r
WHERE r.tenant = %(tenant)s AND {conditions}
ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s

-- name: every
true

-- name: before
(r.created_at, r.id) < (%(before_at)s, %(before_id)s::uuid)

-- name: state
r.state = %(state)s

-- name: language
lower(r.language) = lower(%(language)s)

-- name: since
r.created_at >= %(since)s

-- name: until
r.created_at < %(until)s

-- name: role
coalesce(r.corrected_roles, r.roles) @> ARRAY[%(role)s::text]

-- name: sha256
r.sha256 = %(sha256)s

-- name: label
r.id IN (SELECT p.recording_id FROM report p
         WHERE coalesce(p.corrected_labels, jsonb_path_query_array(p.body, 'strict $.**.label')) ? %(label)s)

-- name: text
r.id IN (
    SELECT n.id FROM recording n WHERE n.tenant = %(tenant)s AND grams(n.file_name) @> grams(%(text)s) AND n.file_name ILIKE %(pattern)s
    UNION ALL
    SELECT s.recording_id FROM segment s WHERE grams(s.text) @> grams(%(text)s) AND s.text ILIKE %(pattern)s)

-- name: common_text
-- What most recordings have is found by a walk through the newest ones. (A scalar subquery: EXISTS may be turned into a look at all segments.)
(r.file_name ILIKE %(pattern)s OR (SELECT true FROM segment s WHERE s.recording_id = r.id AND s.text ILIKE %(pattern)s LIMIT 1))

-- name: estimate
-- How many segments the planner expects to have the text.
EXPLAIN (FORMAT JSON) SELECT FROM segment s WHERE grams(s.text) @> grams(%(text)s)

-- name: patience
SELECT set_config('statement_timeout', %(ms)s, true)
