"""Labels by people: what to listen to next, and revisions of data to train on."""
