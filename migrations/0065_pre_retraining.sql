-- A revision of data that upkeep has asked a training for. The id follows from model and content, so that it is one run however often its
-- message is sent.
ALTER TABLE training_data
    ADD COLUMN run_id  uuid UNIQUE,
    ADD COLUMN asked_at timestamptz,       -- corrections made later are new
    ADD COLUMN sent_at timestamptz,
    ADD COLUMN sends   integer NOT NULL DEFAULT 0 CHECK (sends >= 0);
