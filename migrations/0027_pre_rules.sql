-- Rules of tenants. A changed rule is a new version; earlier ones stay, so that a match can be explained. Processes of the version
-- before know nothing of these tables; where one of them deletes a recording, its matches go with it.
CREATE TABLE rule (
    id          uuid PRIMARY KEY,
    tenant      text NOT NULL,
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),  -- the current one
    deleted_at  timestamptz,
    deleted_by  text,
    CHECK ((deleted_at IS NULL) = (deleted_by IS NULL))
);
CREATE UNIQUE INDEX rule_name ON rule (tenant, name) WHERE deleted_at IS NULL;

CREATE TABLE rule_version (
    rule_id     uuid NOT NULL REFERENCES rule ON DELETE CASCADE,
    version     integer NOT NULL CHECK (version >= 1),
    body        jsonb NOT NULL,                          -- earshot.analysis.rules.rule.Rule
    made_at     timestamptz NOT NULL DEFAULT now(),
    made_by     text NOT NULL,
    PRIMARY KEY (rule_id, version)
);

-- One row for every version of a rule that has ever matched a recording: its event is published with the row, so once. A match that
-- a later round or a correction took away is gone, not removed.
CREATE TABLE rule_match (
    recording_id  uuid NOT NULL REFERENCES recording ON DELETE CASCADE,
    rule_id       uuid NOT NULL REFERENCES rule ON DELETE CASCADE,
    version       integer NOT NULL CHECK (version >= 1),
    category      jsonb NOT NULL,                        -- earshot.analysis.report.categories.Category: places and values, no words
    matched_at    timestamptz NOT NULL DEFAULT now(),
    gone_at       timestamptz,
    PRIMARY KEY (recording_id, rule_id, version)
);
CREATE INDEX rule_match_of_rule ON rule_match (rule_id, version) WHERE gone_at IS NULL;

-- A version of a rule on its way through stored calls, the newest first.
CREATE TABLE rule_backfill (
    id          uuid PRIMARY KEY,
    rule_id     uuid NOT NULL REFERENCES rule ON DELETE CASCADE,
    version     integer NOT NULL CHECK (version >= 1),
    since       timestamptz,
    until       timestamptz NOT NULL,
    reached_at  timestamptz,                             -- created_at and id of the last recording that was evaluated
    reached     uuid,
    calls       integer NOT NULL DEFAULT 0,
    matched     integer NOT NULL DEFAULT 0,
    undecided   integer NOT NULL DEFAULT 0,
    begun_at    timestamptz NOT NULL DEFAULT now(),
    begun_by    text NOT NULL,
    finished_at timestamptz,
    CHECK ((reached_at IS NULL) = (reached IS NULL))
);
CREATE UNIQUE INDEX rule_backfill_open ON rule_backfill (rule_id) WHERE finished_at IS NULL;
