-- Index -2 stands for the transcript of a recording, for analyses that read what was said once all else is merged.
ALTER TABLE chunk DROP CONSTRAINT chunk_index_check, ADD CONSTRAINT chunk_index_check CHECK (index >= -2);
