"""Evidence of runs: a signed, hash-chained log of JSON lines, with the results of the pipeline."""
