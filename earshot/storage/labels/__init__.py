"""Labels by people as data: revisions to train on."""
