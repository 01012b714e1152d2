-- Roles of channels that people stated for all later recordings of a source: uploads of a tenant, or what lies below a URL. Replaced and
-- forgotten ones stay as a record.
CREATE TABLE remembered_roles (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant        text NOT NULL,
    source        text NOT NULL CHECK (source = 'uploads' OR strpos(source, '://') > 0),
    roles         text[] NOT NULL CHECK (cardinality(roles) > 0),
    recording_id  uuid NOT NULL,             -- on which they were stated; no foreign key, for they outlive it
    remembered_by text NOT NULL,
    remembered_at timestamptz NOT NULL DEFAULT now(),
    forgotten_by  text,
    forgotten_at  timestamptz,
    CHECK ((forgotten_by IS NULL) = (forgotten_at IS NULL))
);

CREATE UNIQUE INDEX remembered_roles_of ON remembered_roles (tenant, source, cardinality(roles)) WHERE forgotten_at IS NULL;
