"""Commands that measure rules without a checkpoint: alarms, the gate, crosstalk, hallucinated
words."""
