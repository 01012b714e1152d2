-- What filters of the list find where people have corrected a recording; null: what the analyses answered, what was asked for.
ALTER TABLE report ADD COLUMN corrected_labels jsonb;
ALTER TABLE recording ADD COLUMN corrected_roles text[];
CREATE INDEX report_shown_labels ON report USING gin (coalesce(corrected_labels, jsonb_path_query_array(body, 'strict $.**.label')));
CREATE INDEX recording_shown_roles ON recording USING gin (coalesce(corrected_roles, roles));
