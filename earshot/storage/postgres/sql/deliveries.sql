-- name: add
-- Bodies are thin: what happened to which recording, the labels of a classification, and where to read the rest.
INSERT INTO webhook_delivery (id, webhook_id, position, recording_id, type, body)
SELECT gen_random_uuid(), w.id, o.position, o.recording_id, o.body ->> 'type', o.body
FROM outbox o JOIN webhook w ON w.tenant = o.tenant AND w.state = 'enabled' AND (w.types = '{}' OR o.body ->> 'type' = ANY (w.types))
WHERE o.position = ANY (%(positions)s)
