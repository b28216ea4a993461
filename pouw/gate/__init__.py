"""The compliance gate: what the rules in ``policies`` said of a run, and whether the run may go on."""
