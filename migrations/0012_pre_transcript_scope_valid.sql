-- Reads the table under a lock that reading and writing do not wait for.
ALTER TABLE chunk VALIDATE CONSTRAINT chunk_index_check;
