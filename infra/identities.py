"""Workloads that act in the cloud. Every cloud creates its identities from this one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AUTOSCALER: Final = "autoscaler"
"""It changes the size of node pools, on clouds that do not do that themselves."""
BACKUP: Final = "backup"
"""It adds objects to the bucket of backups and reads them; it neither overwrites nor deletes one."""
SERVICE_ACCOUNTS: Final[Mapping[str, str]] = {AUTOSCALER: "pouw-autoscaler", BACKUP: "pouw-backup"}
"""Names of the service accounts in the namespace of the workloads, by workload."""
