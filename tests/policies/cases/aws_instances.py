"""Cases of ``policies.aws.instances``."""

from __future__ import annotations

import base64
from typing import Any

from policies.aws.instances import CONFIGURATION, RULES, TEMPLATE
from tests.policies import tables

_case = tables.of(RULES)


_SCRIPT = """#!/bin/sh
cat > pod.yaml <<END
secretName: node-identity-keys
END
PASSWORD=$(cat /run/secrets/password) TOKEN_ARN=arn:aws:secretsmanager:eu-west-1:123456789012:secret:peers
exec serve --password $PASSWORD
"""


def encoded(script: str) -> str:
    """Return a start-up script in the encoding of templates."""
    return base64.b64encode(script.encode()).decode()


def instance() -> dict[str, Any]:
    """Return a compliant machine."""
    return {
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "rootBlockDevice": {"encrypted": True},
        "ebsBlockDevices": [{"deviceName": "/dev/sdf", "encrypted": True}],
        "associatePublicIpAddress": False,
        "userData": _SCRIPT,
        "monitoring": True,
        "iamInstanceProfile": "server",
        "keyName": "",
    }


def template() -> dict[str, Any]:
    """Return a compliant template."""
    return {
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
        "networkInterfaces": [{"associatePublicIpAddress": "false"}],
        "userData": encoded("#!/bin/sh\nexec serve"),
        "monitoring": {"enabled": True},
        "keyName": "",
    }


_CONFIGURATION = {"metadataOptions": {"httpTokens": "required"}}
_TOKENS = "aws-ec2-server-require-metadata-tokens"
_HOPS = "aws-ec2-server-limit-metadata-hops"
_INSTANCE_DISKS = "aws-ec2-instance-require-encryption"
_PUBLIC = "aws-ec2-server-deny-public-address"
_SECRETS = "aws-ec2-server-deny-secrets-in-userdata"
_MONITORING = "aws-ec2-server-require-monitoring"

CASES = [
    _case(_TOKENS, instance(), "metadataOptions.httpTokens", "optional"),
    _case(_TOKENS, template(), "metadataOptions.httpTokens", "optional", absent_path="metadataOptions", type=TEMPLATE),
    _case(_TOKENS, {"metadataOptions": {"httpEndpoint": "disabled"}}, "metadataOptions.httpEndpoint", "enabled"),
    _case(_TOKENS, _CONFIGURATION, "metadataOptions.httpTokens", "optional", type=CONFIGURATION),
    _case(_HOPS, instance(), "metadataOptions.httpPutResponseHopLimit", 2),
    _case("aws-ec2-metadatadefaults-require-tokens", {"httpTokens": "required"}, "httpTokens", "no-preference"),
    _case(_INSTANCE_DISKS, instance(), "rootBlockDevice.encrypted", False),
    _case(_INSTANCE_DISKS, instance(), "ebsBlockDevices[0].encrypted", False),
    _case("aws-ec2-launchtemplate-require-encryption", template(), "blockDeviceMappings[0].ebs.encrypted", "false",
          absent_path="blockDeviceMappings"),
    _case(_PUBLIC, instance(), "associatePublicIpAddress", True),
    _case(_PUBLIC, template(), "networkInterfaces[0].associatePublicIpAddress", "true", type=TEMPLATE),
    _case(_SECRETS, instance(), "userData", "export DB_PASSWORD=correcthorse"),
    _case(_SECRETS, instance(), "userDataBase64", encoded("key AKIA" + "Q" * 16), absent_path="userData"),
    _case(_SECRETS, template(), "userData", encoded("-----BEGIN RSA PRIVATE" + " KEY-----"), type=TEMPLATE),
    _case("aws-ec2-server-deny-ssh-key", instance(), "keyName", "ops"),
    _case(_MONITORING, instance(), "monitoring", False),
    _case(_MONITORING, template(), "monitoring.enabled", False, type=TEMPLATE),
    _case("aws-ec2-instance-require-role", instance(), "iamInstanceProfile", ""),
]  # fmt: skip
