-- name: tables
SELECT relname AS name, pg_relation_size(oid) / current_setting('block_size')::int AS pages FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname NOT IN ('tombstone', 'search')
ORDER BY relname COLLATE "C"

-- name: rows
SELECT count(*) AS rows FROM {table} WHERE ctid >= %(first)s::tid AND ctid < %(last)s::tid

-- name: named
-- Every column of every row of some pages as text, but the one event that tells of the deletion, and its deliveries.
SELECT replace(found[1], '-', '') AS hex, count(*) AS times
FROM {table} AS each, regexp_matches(lower(each::text), %(pattern)s, 'g') AS found
WHERE each.ctid >= %(first)s::tid AND each.ctid < %(last)s::tid AND replace(found[1], '-', '') = ANY (%(hexes)s) AND coalesce(to_jsonb(each) #>> '{{body,type}}', '') <> 'recording.deleted'
GROUP BY hex
