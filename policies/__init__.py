"""Compliance rules as data: what a resource must be, why, and what to do. Imports neither infra nor pouw."""
