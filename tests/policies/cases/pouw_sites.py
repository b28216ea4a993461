"""Cases of ``policies.pouw.sites``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.references import SERVICE
from policies.pouw.sites import RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED, Case

_of = tables.of(RULES)
_SITE = "sites[0]"


def settings() -> dict[str, Any]:
    """Return settings of a production stack with a standby."""
    pool = {"minimum": 3}
    site = {
        "name": "primary",
        "cloud": "aws",
        "region": "us-east-1",
        "zones": ["us-east-1a", "us-east-1b", "us-east-1c"],
        "role": "active",
        "network": {"translation": "zone"},
        "cluster": {"apiAllowFrom": ["192.0.2.0/24"]},
        "pools": {"system": {**pool}, "miners": {**pool}, "rpc": {**pool}},
        "backups": {"copyRegion": "us-west-2", "retentionDays": 35},
    }
    return {"environment": "production", "sites": [site, {**site, "name": "dr", "role": "standby"}]}


def _case(rule: str, path: str, broken_value: Any, *others: Declaration, **fields: Any) -> Case:
    return _of(f"pouw-sites-{rule}", settings(), path, broken_value, related=others, **fields)


_LABELS = {"app.kubernetes.io/component": "peers", "pouw.dev/site": "dr"}
_ENTRY = Declaration(type=SERVICE, name="entry", props={"kind": "Service", "metadata": {"labels": _LABELS}})

CASES = [
    _case("site-require-backup", f"{_SITE}.backups.copyRegion", "us-east-1"),
    _case("site-limit-retention", f"{_SITE}.backups.retentionDays", 7),
    _case("site-require-zones", f"{_SITE}.zones", ["us-east-1a"]),
    _case("site-require-zones", f"{_SITE}.pools.rpc.minimum", 1),
    _case("site-match-translation", f"{_SITE}.network.translation", "shared"),
    _case("site-deny-open-api", f"{_SITE}.cluster.apiAllowFrom[0]", "0.0.0.0/0"),
    _case("standby-require-replication", "metadata.labels.pouw\0dev/site", "other", _ENTRY, broken_related="entry"),
    _case("stack-require-standby", "sites[1]", REMOVED),
]
