"""Rules about the stack's own components and settings."""
