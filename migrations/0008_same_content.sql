-- Whose content a request was found to have: it waits for that recording without reading its file again with every try.

ALTER TABLE recording ADD COLUMN same_as uuid REFERENCES recording ON DELETE SET NULL;
CREATE INDEX recording_same_as ON recording (same_as) WHERE same_as IS NOT NULL;
