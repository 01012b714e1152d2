"""Labels by people: given to turns and stretches, and written as data to train on."""
