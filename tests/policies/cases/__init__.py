"""Cases, one module per module of rules: ``CASES`` contains at least one case of each of its rules."""
