-- What a request waits for, and since when: trouble of its surroundings is waited for in days, whoever sends it again meanwhile.

ALTER TABLE recording
    ADD COLUMN waits_for text,                 -- earshot.analysis.errors.SURROUNDINGS
    ADD COLUMN waits_since timestamptz,
    ADD CHECK ((waits_for IS NULL) = (waits_since IS NULL));
