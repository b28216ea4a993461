"""A stack through the engine: bring-up, previews, rehearsals, their gates, and the one result of each run."""
