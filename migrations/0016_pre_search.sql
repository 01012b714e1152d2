-- What a list of recordings is searched by.

-- The runs of three characters in a text, in lower case: a text that has another one as a part has all of its runs. They serve every
-- language, those without spaces between words too, and need no extension.
CREATE FUNCTION grams(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(lower($1), at, 3)), '{}') FROM generate_series(1, length(lower($1)) - 2) AS at
$$;
CREATE INDEX segment_grams ON segment USING gin (grams(text));
CREATE INDEX recording_name_grams ON recording USING gin (grams(file_name));

-- Every label that a report names: of scenes, sounds, noise, emotions, sentiment, emergencies.
CREATE INDEX report_labels ON report USING gin (jsonb_path_query_array(body, 'strict $.**.label'));
CREATE INDEX recording_roles ON recording USING gin (roles);
