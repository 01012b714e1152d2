-- How many chunks a recording will become, as far as its file tells: those of recordings that are not cut yet count for admission.

ALTER TABLE recording ADD COLUMN expected_chunks integer NOT NULL DEFAULT 1 CHECK (expected_chunks > 0);
