-- Place of an event in the order in which readers see them. ``seq`` is given out when an event is stored, and a transaction that began
-- earlier may commit later; positions are given out under a lock, so that no event appears before one that was read.
ALTER TABLE outbox ADD COLUMN position bigint;
CREATE SEQUENCE outbox_position;
UPDATE outbox SET position = seq WHERE published_at IS NOT NULL;
SELECT setval('outbox_position', (SELECT coalesce(max(seq), 0) + 1 FROM outbox));
CREATE UNIQUE INDEX outbox_in_order ON outbox (position);
CREATE INDEX outbox_of_tenant ON outbox (tenant, position);
CREATE INDEX outbox_without_position ON outbox (seq) WHERE position IS NULL;

-- The last position that retention has removed: readers that come from before it have missed something.
CREATE TABLE outbox_trimmed (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
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
    position      bigint NOT NULL,
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
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, recording_id, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_log ON webhook_delivery (webhook_id, position DESC, id);
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
