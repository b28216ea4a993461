"""Compliance rules as data: requirements, risks and remedies. The package imports neither infra nor pouw."""
