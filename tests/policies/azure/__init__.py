"""What the rules about Azure have in common."""
