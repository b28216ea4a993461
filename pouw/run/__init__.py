"""A stack through the engine: bring-up, previews, rehearsals, and the checks before each run."""
