-- How good a recording sounds, measured while it is decoded (earshot.analysis.quality.RecordingQuality); null for what was decoded before.

ALTER TABLE recording ADD COLUMN quality jsonb;
