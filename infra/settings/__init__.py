"""The settings of a stack: every ``pouw:`` key, typed, validated and frozen; loaded from one place."""
