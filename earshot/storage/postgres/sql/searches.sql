-- name: mark
UPDATE tombstone SET in_search = true WHERE id = ANY (%(ids)s)

-- name: begin
INSERT INTO search DEFAULT VALUES ON CONFLICT DO NOTHING

-- name: under_way
SELECT EXISTS (SELECT FROM search) AS under_way

-- name: take
SELECT place, page, rows, found FROM search FOR UPDATE SKIP LOCKED

-- name: ids
SELECT id FROM tombstone WHERE in_search ORDER BY id

-- name: note
UPDATE search SET place = %(place)s, page = %(page)s, rows = %(rows)s, found = %(found)s

-- name: end
DELETE FROM search
