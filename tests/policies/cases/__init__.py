"""One module a subject, named like it: ``CASES`` hold at least one case for each of its rules."""
