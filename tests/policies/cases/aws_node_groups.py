"""Cases of ``policies.aws.node_groups``."""

from __future__ import annotations

from policies.aws.node_groups import RULES
from tests.policies import tables

_case = tables.of(RULES)
_GROUP = {
    "remoteAccess": {},
    "launchTemplate": {"id": "lt-1", "version": "1"},
    "amiType": "BOTTLEROCKET_x86_64",
    "updateConfig": {"maxUnavailablePercentage": 33},
}

CASES = [
    _case("aws-eks-nodegroup-deny-remote-access", _GROUP, "remoteAccess", {"ec2SshKey": "ops"}),
    _case("aws-eks-nodegroup-require-launch-template", _GROUP, "launchTemplate", {}),
    _case("aws-eks-nodegroup-match-supported-image", _GROUP, "amiType", "AL2_x86_64"),
    _case("aws-eks-nodegroup-limit-unavailable", _GROUP, "updateConfig.maxUnavailablePercentage", 100),
    _case("aws-eks-addon-pin-version", {"addonVersion": "v1.20.0-eksbuild.1"}, "addonVersion", ""),
]
