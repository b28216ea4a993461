"""Names that the pack and its callers share. Importing them loads nothing else."""

from __future__ import annotations

RESOURCES, STACK = "resources", "stack"
RESOURCE_ADVICE, STACK_ADVICE = "resource-advice", "stack-advice"
REMEDIES = "remedies"
SETTINGS_TYPE = "pouw:index:Settings"
"""Type token of the stack's own settings in rules about them. The settings come with the pack's configuration."""
STACK_TYPE = "pulumi:pulumi:Stack"
RECORD = "POUW_POLICY_RECORD"
"""Environment variable that names the file of the pack's record."""
