-- Sources are compared in one spelling: a plain path is a file:// URL, and repeated slashes and single dots are one slash
-- (earshot.analysis.urls.spelled).
CREATE FUNCTION spelled(uri text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN $1 ~ '^(file://)?/' THEN 'file://' || regexp_replace(regexp_replace($1, '^file://', ''), '/(\.?/)+', '/', 'g') ELSE $1 END
$$;

CREATE OR REPLACE FUNCTION age_of_source(tenant text, uri text, sources text[], ages float8[]) RETURNS float8 LANGUAGE sql STABLE AS $$
    SELECT each.age FROM unnest($3, $4) AS each(source, age)
    WHERE each.source IN ('', '*', $1) OR (strpos(each.source, '://') > 0 AND starts_with(spelled($2), spelled(each.source)))
    ORDER BY CASE WHEN strpos(each.source, '://') > 0 THEN 3 WHEN each.source = $1 THEN 2 WHEN each.source = '*' THEN 1 ELSE 0 END DESC,
             length(each.source) DESC
    LIMIT 1
$$;

CREATE OR REPLACE FUNCTION is_held(id uuid, tenant text, uri text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM hold h
        WHERE h.released_at IS NULL
          AND (h.recording_id = $1 OR h.source IN ('*', $2) OR (strpos(h.source, '://') > 0 AND starts_with(spelled($3), spelled(h.source))))
    )
$$;
