-- Remembered roles outlive the recording on which they were stated: its deletion takes its id.
ALTER TABLE remembered_roles ALTER COLUMN recording_id DROP NOT NULL;
