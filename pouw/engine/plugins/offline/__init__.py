"""Provider plugins for clouds that nobody logs in to: they check, plan and, in a rehearsal, pretend."""
