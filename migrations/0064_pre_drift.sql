-- What a release answered for the first recordings of a source, fixed at its first use there, and how far later ones are from it. Both
-- are counts of recordings: they name none.
CREATE TABLE release_baseline (
    analysis    text NOT NULL,
    release     text NOT NULL,
    tenant      text NOT NULL,
    recordings  integer NOT NULL CHECK (recordings >= 1),
    until       timestamptz NOT NULL,      -- end of the last of them; later ones are compared
    histograms  jsonb NOT NULL,            -- label, confidence, snr, language: edges and counts (earshot.analysis.drift.psi)
    made_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (analysis, release, tenant)
);

CREATE TABLE drift (
    analysis    text NOT NULL,
    release     text NOT NULL,
    tenant      text NOT NULL,
    figure      text NOT NULL CHECK (figure IN ('label', 'confidence', 'snr', 'language')),
    day         date NOT NULL DEFAULT current_date,
    n_reference integer NOT NULL,
    n           integer NOT NULL,
    psi         double precision NOT NULL,
    null95      double precision NOT NULL, -- what chance alone stays below in 95 % of samples
    alarm       boolean NOT NULL,
    moved       jsonb NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (analysis, release, tenant, figure, day)
);
