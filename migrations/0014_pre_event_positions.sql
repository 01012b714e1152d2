-- Order in which readers see events. ``seq`` is given out when an event is stored, and a transaction that began earlier may commit later;
-- positions are given out under a lock, so that no event appears before one that was read. ``position`` orders the events of all tenants and
-- does not leave the gateway; ``place`` counts those of the event's tenant, from 1.
ALTER TABLE outbox ADD COLUMN position bigint, ADD COLUMN place bigint, ADD CHECK ((position IS NULL) = (place IS NULL));
CREATE SEQUENCE outbox_position;
UPDATE outbox SET position = outbox.seq, place = counted.place
FROM (SELECT seq, row_number() OVER (PARTITION BY tenant ORDER BY seq) AS place FROM outbox WHERE published_at IS NOT NULL) AS counted
WHERE outbox.seq = counted.seq;
SELECT setval('outbox_position', (SELECT coalesce(max(seq), 0) + 1 FROM outbox));
CREATE UNIQUE INDEX outbox_in_order ON outbox (position);
CREATE UNIQUE INDEX outbox_of_tenant ON outbox (tenant, place);
CREATE INDEX outbox_without_position ON outbox (seq) WHERE position IS NULL;

-- The last place that was given to an event of a tenant.
CREATE TABLE outbox_reach (
    tenant  text PRIMARY KEY,
    last    bigint NOT NULL
);
INSERT INTO outbox_reach (tenant, last) SELECT tenant, max(place) FROM outbox WHERE place IS NOT NULL GROUP BY tenant;

-- The last event of a tenant that retention has removed: readers that come from before it have missed something.
CREATE TABLE outbox_trimmed (
    tenant    text PRIMARY KEY,
    place     bigint NOT NULL,
    position  bigint NOT NULL
);

-- Receivers of events over HTTP.
CREATE TABLE webhook (
    id          uuid PRIMARY KEY,
    tenant      text NOT NULL,
    url         text NOT NULL,
    types       text[] NOT NULL DEFAULT '{}',   -- of events; empty: all
    secrets     jsonb NOT NULL,                 -- [{"secret": "whsec_...", "until": null or a time}], the newest first
    state       text NOT NULL DEFAULT 'enabled' CHECK (state IN ('enabled', 'disabled')),
    reason      text,                           -- why it is disabled
    failures    integer NOT NULL DEFAULT 0,     -- attempts without success since the last one with
    failing_since timestamptz,
    not_before  timestamptz,                    -- nothing is sent earlier
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'disabled') = (reason IS NOT NULL))
);

CREATE INDEX webhook_of_tenant ON webhook (tenant);

CREATE TABLE webhook_delivery (
    id            uuid PRIMARY KEY,             -- what the receiver sees as webhook-id, the same in every attempt
    webhook_id    uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
    place         bigint NOT NULL,              -- of the event
    recording_id  uuid,                         -- null for a test event
    type          text NOT NULL,
    body          jsonb NOT NULL,               -- the event; receivers are sent a part of it
    occurred_at   timestamptz NOT NULL,
    state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at        timestamptz NOT NULL DEFAULT now(),
    taken_until   timestamptz,                  -- a sender is at work on it
    created_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    CHECK ((state = 'pending') = (finished_at IS NULL))
);

CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_taken ON webhook_delivery (webhook_id) WHERE taken_until IS NOT NULL;
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, recording_id, place) WHERE state = 'pending';
CREATE INDEX webhook_delivery_log ON webhook_delivery (webhook_id, place DESC, id);
CREATE INDEX webhook_delivery_recording ON webhook_delivery (recording_id);
CREATE INDEX webhook_delivery_finished ON webhook_delivery (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE webhook_attempt (
    delivery_id  uuid NOT NULL REFERENCES webhook_delivery ON DELETE CASCADE,
    number       integer NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    took_ms      integer NOT NULL,
    status       integer,                       -- null without an answer
    error        text,
    PRIMARY KEY (delivery_id, number, at)
);
