-- name: add
INSERT INTO webhook (id, tenant, url, types, secrets)
SELECT %(id)s, %(tenant)s, %(url)s, %(types)s, %(secrets)s
WHERE (SELECT count(*) FROM webhook WHERE tenant = %(tenant)s) < %(most)s
RETURNING *

-- name: list
SELECT * FROM webhook WHERE tenant = %(tenant)s ORDER BY created_at, id

-- name: get
SELECT * FROM webhook WHERE tenant = %(tenant)s AND id = %(id)s

-- name: lock
SELECT * FROM webhook WHERE tenant = %(tenant)s AND id = %(id)s FOR NO KEY UPDATE

-- name: change
-- Enabled again, it starts without the failures of before.
UPDATE webhook
SET url = %(url)s, types = %(types)s, state = %(state)s, reason = %(reason)s,
    failures = CASE WHEN %(fresh)s THEN 0 ELSE failures END,
    failing_since = CASE WHEN %(fresh)s THEN NULL ELSE failing_since END,
    not_before = CASE WHEN %(fresh)s THEN NULL ELSE not_before END
WHERE tenant = %(tenant)s AND id = %(id)s
RETURNING *

-- name: set_secrets
UPDATE webhook SET secrets = %(secrets)s WHERE tenant = %(tenant)s AND id = %(id)s

-- name: remove
DELETE FROM webhook WHERE tenant = %(tenant)s AND id = %(id)s

-- name: bury_pending
UPDATE webhook_delivery SET state = 'dead', finished_at = now(), taken_until = NULL
WHERE webhook_id = %(id)s AND state = 'pending'

-- name: disable
UPDATE webhook SET state = 'disabled', reason = %(reason)s WHERE id = %(id)s AND state = 'enabled'

-- name: claim
-- For each webhook no more than its share, and one at a time while it does nothing but fail; of each recording the earliest only.
-- The threads are divided among the tenants that have some or wait for some, and one share is left for the tenant that comes next; the last quarter
-- is for the first request of a tenant only, so that several that hang one after the other leave something. Tenants with fewer requests in flight
-- come first, then those that were served longest ago, and of a tenant its webhooks in turn.
WITH held AS (
    SELECT * FROM unnest(%(tenants)s::text[], %(held)s::bigint[], %(served)s::bigint[]) AS held (tenant, number, served)
), due AS (
    SELECT picked.id, picked.due_at, w.tenant, row_number() OVER (PARTITION BY w.tenant ORDER BY picked.turn, picked.due_at) AS turn
    FROM webhook w CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM webhook_delivery t WHERE t.webhook_id = w.id AND t.taken_until >= now()
    ) AS taken CROSS JOIN LATERAL (
        SELECT d.id, d.due_at, taken.number + row_number() OVER (ORDER BY d.due_at, d.place) AS turn FROM webhook_delivery d
        WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.due_at <= now() AND (d.taken_until IS NULL OR d.taken_until < now())
          AND NOT EXISTS (SELECT FROM webhook_delivery e WHERE e.webhook_id = w.id AND e.recording_id = d.recording_id
                                                           AND e.place < d.place AND e.state = 'pending')
        ORDER BY d.due_at, d.place
        LIMIT greatest(0, CASE WHEN w.failures >= %(hold_after)s THEN 1 ELSE %(each)s END - taken.number)
    ) AS picked
    WHERE w.state = 'enabled' AND (w.not_before IS NULL OR w.not_before <= now())
), share AS (
    SELECT greatest(1, %(size)s / (count(*) + 1)) AS number
    FROM (SELECT tenant FROM due UNION SELECT tenant FROM held WHERE number > 0) AS tenants
), ranked AS (
    SELECT id, rank, row_number() OVER (ORDER BY rank, served, due_at) AS number
    FROM (SELECT due.id, due.due_at, coalesce(held.number, 0) + due.turn AS rank, coalesce(held.served, 0) AS served
          FROM due LEFT JOIN held USING (tenant)) AS waiting
    WHERE rank <= (SELECT number FROM share)
), chosen AS (
    SELECT id FROM ranked
    WHERE rank = 1 OR number + (SELECT coalesce(sum(number), 0) FROM held) <= %(size)s * 3 / 4
    ORDER BY number LIMIT %(limit)s
), taken AS (
    SELECT id FROM webhook_delivery
    WHERE id IN (SELECT id FROM chosen) AND state = 'pending' AND (taken_until IS NULL OR taken_until < now())
    FOR UPDATE SKIP LOCKED
)
UPDATE webhook_delivery d SET taken_until = now() + make_interval(secs => %(lease_sec)s), attempts = attempts + 1
FROM taken, webhook w
WHERE d.id = taken.id AND w.id = d.webhook_id
RETURNING d.id, d.webhook_id, w.tenant, d.place, d.recording_id, d.type, d.body, d.occurred_at, d.attempts, d.taken_until, w.url, w.secrets

-- name: settle
-- By the sender that still holds it; nothing is left of a recording that was deleted meanwhile.
WITH done AS (
    UPDATE webhook_delivery
    SET state = %(state)s, taken_until = NULL, due_at = now() + make_interval(secs => %(wait_sec)s),
        finished_at = CASE WHEN %(state)s <> 'pending' THEN now() END
    WHERE id = %(id)s AND taken_until = %(taken_until)s AND state = 'pending'
    RETURNING id, attempts
)
INSERT INTO webhook_attempt (delivery_id, number, took_ms, status, error)
SELECT id, attempts, %(took_ms)s, %(status)s, %(error)s FROM done

-- name: delay_later
UPDATE webhook_delivery SET due_at = now() + make_interval(secs => %(wait_sec)s)
WHERE webhook_id = %(webhook_id)s AND recording_id = %(recording_id)s AND state = 'pending' AND place > %(place)s
  AND due_at < now() + make_interval(secs => %(wait_sec)s)

-- name: free_next
UPDATE webhook_delivery SET due_at = now()
WHERE id = (SELECT id FROM webhook_delivery
            WHERE webhook_id = %(webhook_id)s AND recording_id = %(recording_id)s AND state = 'pending' AND place > %(place)s
            ORDER BY place LIMIT 1) AND due_at > now()

-- name: succeeded
UPDATE webhook SET failures = 0, failing_since = NULL, not_before = NULL
WHERE id = %(id)s AND (failures > 0 OR not_before IS NOT NULL)

-- name: failed
-- Failures in a row hold everything back, for 20 s at most: an endpoint that is back is noticed, and each delivery keeps to its own schedule.
UPDATE webhook
SET failures = failures + 1, failing_since = coalesce(failing_since, now()),
    not_before = now() + make_interval(secs => greatest(%(asked_sec)s::float,
        CASE WHEN failures + 1 >= %(hold_after)s THEN least(20.0, 2.0 ^ least(failures + 1 - %(hold_after)s, 10)) ELSE 0.0 END))
WHERE id = %(id)s
RETURNING failing_since < now() - make_interval(secs => %(give_up_sec)s) AS given_up
