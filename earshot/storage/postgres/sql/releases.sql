-- name: active
SELECT analysis, name, runtime, uri, sha256, labels FROM release WHERE active

-- name: named
SELECT analysis, name, runtime, uri, sha256, labels FROM release WHERE analysis = %(analysis)s AND name = %(name)s

-- name: deactivate
UPDATE release SET active = false WHERE analysis = %(analysis)s AND active

-- name: activate
INSERT INTO release (analysis, name, runtime, uri, sha256, labels, active)
VALUES (%(analysis)s, %(name)s, %(runtime)s, %(uri)s, %(sha256)s, %(labels)s, true)
ON CONFLICT (analysis, name) DO UPDATE
SET runtime = excluded.runtime, uri = excluded.uri, sha256 = excluded.sha256, labels = excluded.labels, active = true
