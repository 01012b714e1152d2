"""Commands that measure what is not a checkpoint: alarms, the gate, crosstalk, hallucinated
words."""
