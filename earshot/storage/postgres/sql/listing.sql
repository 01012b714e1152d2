-- name: page
-- What is not asked about matches. The newest first; the row behind the cursor begins the page.
SELECT r.id, r.state, r.file_name, r.language, r.analyses, r.duration_ms, r.channels, r.error_code, r.error_detail, r.created_at, r.finished_at
FROM recording r
WHERE r.tenant = %(tenant)s
  AND (%(state)s::text IS NULL OR r.state = %(state)s)
  AND (%(language)s::text IS NULL OR lower(r.language) = lower(%(language)s))
  AND (%(since)s::timestamptz IS NULL OR r.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR r.created_at < %(until)s)
  AND (%(before_at)s::timestamptz IS NULL OR (r.created_at, r.id) < (%(before_at)s, %(before_id)s::uuid))
  AND (%(pattern)s::text IS NULL OR r.file_name ILIKE %(pattern)s
       OR EXISTS (SELECT FROM segment s WHERE s.recording_id = r.id AND s.text ILIKE %(pattern)s))
ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s

-- name: patience
SELECT set_config('statement_timeout', %(ms)s, true)
