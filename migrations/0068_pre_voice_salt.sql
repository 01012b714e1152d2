-- Names of speakers are hashed with it before they leave the database as data to train on: of a hash alone, a list of names would tell the name.
CREATE TABLE voice_salt (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    salt   uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO voice_salt DEFAULT VALUES;
