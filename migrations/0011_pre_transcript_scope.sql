-- Index -2 stands for the transcript of a recording, for analyses that read what was said once all else is merged.
-- NOT VALID: the table, which may be large, is not read under the lock; 0012 does that while it is written.
ALTER TABLE chunk DROP CONSTRAINT chunk_index_check, ADD CONSTRAINT chunk_index_check CHECK (index >= -2) NOT VALID;
