"""Resources and tests of the rules about Azure."""
