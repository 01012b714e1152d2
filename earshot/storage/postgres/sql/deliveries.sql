-- name: add
-- Behind an earlier delivery of the same recording that waits, it waits as long. The lock keeps a webhook that is being removed from failing this.
INSERT INTO webhook_delivery (id, webhook_id, place, recording_id, type, body, occurred_at, due_at)
SELECT gen_random_uuid(), w.id, o.place, o.recording_id, o.body ->> 'type', o.body, o.created_at,
       coalesce((SELECT max(e.due_at) FROM webhook_delivery e
                 WHERE e.webhook_id = w.id AND e.recording_id = o.recording_id AND e.state = 'pending'), now())
FROM outbox o JOIN webhook w ON w.tenant = o.tenant AND w.state = 'enabled' AND (w.types = '{}' OR o.body ->> 'type' = ANY (w.types))
WHERE o.position = ANY (%(positions)s)
FOR KEY SHARE OF w

-- name: add_test
INSERT INTO webhook_delivery (id, webhook_id, place, type, body, occurred_at)
SELECT %(id)s, w.id, coalesce((SELECT last FROM outbox_reach r WHERE r.tenant = w.tenant), 0), %(type)s, %(body)s, now() FROM webhook w
WHERE w.id = %(webhook_id)s AND w.state = 'enabled'
RETURNING id

-- name: log
SELECT d.id, d.place AS position, d.recording_id, d.body ->> 'id' AS event_id, d.type, d.state, d.occurred_at, d.finished_at,
       CASE WHEN d.state = 'pending' THEN d.due_at END AS due_at,
       coalesce((SELECT jsonb_agg(jsonb_build_object('number', a.number, 'at', a.at, 'took_ms', a.took_ms, 'status', a.status, 'error', a.error) ORDER BY a.at)
                 FROM webhook_attempt a WHERE a.delivery_id = d.id), '[]') AS attempts
FROM webhook_delivery d
WHERE d.webhook_id = %(webhook_id)s AND (%(state)s::text IS NULL OR d.state = %(state)s)
  AND (%(place)s::bigint IS NULL OR d.place < %(place)s OR (d.place = %(place)s AND d.id > %(id)s))
ORDER BY d.place DESC, d.id LIMIT %(limit)s

-- name: again_one
-- One that is still pending is only moved forward.
UPDATE webhook_delivery
SET state = 'pending', due_at = now(), finished_at = NULL, attempts = CASE WHEN state = 'pending' THEN attempts ELSE 0 END
WHERE id = %(id)s AND webhook_id = %(webhook_id)s
RETURNING id

-- name: again
UPDATE webhook_delivery SET state = 'pending', due_at = now(), finished_at = NULL, attempts = 0
WHERE id = ANY (ARRAY(
    SELECT id FROM webhook_delivery
    WHERE webhook_id = %(webhook_id)s AND state <> 'pending' AND (%(state)s::text IS NULL OR state = %(state)s)
      AND place > %(after)s AND place <= %(to)s
      AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
    ORDER BY place LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))

-- name: add_missed
-- What happened while the webhook was disabled or did not exist.
INSERT INTO webhook_delivery (id, webhook_id, place, recording_id, type, body, occurred_at)
SELECT gen_random_uuid(), w.id, o.place, o.recording_id, o.body ->> 'type', o.body, o.created_at
FROM outbox o JOIN webhook w ON w.tenant = o.tenant AND (w.types = '{}' OR o.body ->> 'type' = ANY (w.types))
WHERE w.id = %(webhook_id)s AND o.place > %(after)s AND o.place <= %(to)s
  AND (%(since)s::timestamptz IS NULL OR o.created_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR o.created_at < %(until)s)
  AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.place = o.place AND d.recording_id = o.recording_id)
ORDER BY o.place LIMIT %(limit)s
FOR KEY SHARE OF o

-- name: drop_finished
DELETE FROM webhook_delivery WHERE id = ANY (ARRAY(
    SELECT id FROM webhook_delivery WHERE finished_at < now() - make_interval(secs => %(age_sec)s)
    ORDER BY finished_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
