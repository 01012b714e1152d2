-- What states the roles of the channels; null where there are none, and of recordings taken in by an earlier version.
ALTER TABLE recording ADD COLUMN roles_source text;
