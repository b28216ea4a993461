"""Names that the pack and whoever judges its work agree on. Nothing is loaded for them."""

from __future__ import annotations

RESOURCES, STACK = "resources", "stack"
RESOURCE_ADVICE, STACK_ADVICE = "resource-advice", "stack-advice"
REMEDIES = "remedies"
SETTINGS_TYPE = "pouw:index:Settings"
"""The type by which rules about the stack's own settings name them. They come with the configuration."""
STACK_TYPE = "pulumi:pulumi:Stack"
RECORD = "POUW_POLICY_RECORD"
"""The variable that names the file of the pack's record."""
