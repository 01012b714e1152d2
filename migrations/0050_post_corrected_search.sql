-- Corrections that processes of the version before have made. Their labels are added to those of the answer; the recording's next
-- correction, undo or round leaves out those that they replaced.
UPDATE report p SET corrected_labels = jsonb_path_query_array(p.body, 'strict $.**.label') || made.labels
FROM (SELECT recording_id, jsonb_agg(value -> 'label') AS labels FROM correction
      WHERE undone_at IS NULL AND value ? 'label' GROUP BY recording_id) AS made
WHERE p.recording_id = made.recording_id AND p.corrected_labels IS NULL;
UPDATE recording r SET corrected_roles = made.roles
FROM (SELECT DISTINCT ON (recording_id) recording_id, ARRAY(SELECT jsonb_array_elements_text(value -> 'roles')) AS roles FROM correction
      WHERE undone_at IS NULL AND kind = 'roles' ORDER BY recording_id, version DESC) AS made
WHERE r.id = made.recording_id AND r.corrected_roles IS NULL;
DROP INDEX IF EXISTS report_labels;
DROP INDEX IF EXISTS recording_roles;
