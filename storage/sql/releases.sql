-- name: active
SELECT analysis, name, runtime, uri, sha256, labels FROM release WHERE active
