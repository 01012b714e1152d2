-- The same sound with other roles of its channels, or in another language, is another recording: other words, told by others.

-- The roles that its channels were given, before it was known whether they differ; null until the content is claimed.
ALTER TABLE recording ADD COLUMN claimed_roles text[];

UPDATE recording SET claimed_roles = CASE
    WHEN NOT dual_mono THEN roles
    WHEN jsonb_typeof(request -> 'roles') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(request -> 'roles'))
    ELSE '{agent,customer}' END
WHERE duration_ms IS NOT NULL;

DROP INDEX recording_content;
CREATE UNIQUE INDEX recording_content ON recording (sha256, language, claimed_roles) WHERE NOT forced AND state <> 'failed';
