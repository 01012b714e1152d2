-- name: tables
SELECT relname AS name FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND relname <> 'tombstone' ORDER BY relname

-- name: rows
SELECT count(*) AS rows FROM {table}

-- name: named
-- Every column of every row as text, but the one event that tells of the deletion.
SELECT replace(found[1], '-', '') AS hex, count(*) AS times
FROM {table} AS each, regexp_matches(lower(each::text), %(pattern)s, 'g') AS found
WHERE replace(found[1], '-', '') = ANY (%(hexes)s) AND coalesce(to_jsonb(each) #>> '{{body,type}}', '') <> 'recording.deleted'
GROUP BY hex
