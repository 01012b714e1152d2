-- When retention removed what was spoken from a recording, and what was answered about it; null again after a rerun.
ALTER TABLE recording ADD COLUMN words_expired_at timestamptz, ADD COLUMN scores_expired_at timestamptz;

CREATE INDEX recording_with_words ON recording (finished_at) WHERE words_expired_at IS NULL AND finished_at IS NOT NULL;
CREATE INDEX recording_with_scores ON recording (finished_at) WHERE scores_expired_at IS NULL AND finished_at IS NOT NULL;

-- The age of the source of a recording: of its longest URL, else of its tenant, else of '*', else of ''. Null: kept for ever.
CREATE FUNCTION age_of_source(tenant text, uri text, sources text[], ages float8[]) RETURNS float8 LANGUAGE sql STABLE AS $$
    SELECT each.age FROM unnest($3, $4) AS each(source, age)
    WHERE each.source IN ('', '*', $1) OR (strpos(each.source, '://') > 0 AND starts_with($2, each.source))
    ORDER BY CASE WHEN strpos(each.source, '://') > 0 THEN 3 WHEN each.source = $1 THEN 2 WHEN each.source = '*' THEN 1 ELSE 0 END DESC,
             length(each.source) DESC
    LIMIT 1
$$;
