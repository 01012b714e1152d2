-- For how long a request has waited for its surroundings, summed up from try to try: no clock that is set makes it long.

ALTER TABLE recording
    ADD COLUMN waited_sec float8 NOT NULL DEFAULT 0,
    ADD COLUMN waited_at timestamptz;  -- until when that is counted
