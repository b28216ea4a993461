"""The compliance gate: verdicts of the rules in ``policies`` on a run, waivers, frameworks and reports."""
