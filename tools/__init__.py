"""Programs of maintainers."""
