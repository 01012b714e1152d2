-- Trainings in the background. The row is the truth, a message only makes a worker look at it: a run whose worker is lost is given to
-- another one when its lease ends.

CREATE TABLE training_run (
    id            uuid PRIMARY KEY,                    -- of the Celery task that asked for it
    model         text NOT NULL,
    data          text NOT NULL,                       -- path of the recordings, as workers see it
    folder        text NOT NULL,                       -- of the result and of the saved state
    options       jsonb NOT NULL DEFAULT '{}',
    state         text NOT NULL DEFAULT 'training'
                  CHECK (state IN ('training', 'judging', 'promoted', 'refused', 'failed', 'canceled')),
    progress      jsonb NOT NULL DEFAULT '{}',         -- the last report of the trainer
    attempts      integer NOT NULL DEFAULT 1 CHECK (attempts >= 1),
    worker        text NOT NULL,
    lease_until   timestamptz NOT NULL,
    cancel_by     text,                                -- who wants it to end
    release       text,                                -- what was registered
    verdict       jsonb,                               -- of the gate
    error_code    text,
    error_detail  text,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    CHECK ((finished_at IS NULL) = (state IN ('training', 'judging'))),
    CHECK ((state = 'failed') = (error_code IS NOT NULL AND error_detail IS NOT NULL))
);

-- Never two at once for one model.
CREATE UNIQUE INDEX training_run_open ON training_run (model) WHERE finished_at IS NULL;
CREATE INDEX training_run_recent ON training_run (started_at DESC);
