"""Waits until objects are ready: one module per group of kinds decides, one loop waits."""
