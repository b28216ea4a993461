"""Rules about our own components and settings."""
