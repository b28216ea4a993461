"""Costs of a node."""
