"""Cases of ``policies.aws.load_balancers``."""

from __future__ import annotations

from typing import Any

from policies.aws.load_balancers import FIREWALL, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/edge/1"
_ON_HTTPS = {"port": 443, "protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
             "defaultActions": [{"type": "forward"}]}  # fmt: skip
_ON_HTTP = {"port": 80, "protocol": "HTTP",
            "defaultActions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]}  # fmt: skip
_ASSOCIATION = Declaration(type=FIREWALL, name="firewall", props={"resourceArn": _ARN})


def balancer() -> dict[str, Any]:
    """Return a compliant balancer on the Internet."""
    return {
        "arn": _ARN,
        "internal": False,
        "loadBalancerType": "application",
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "defensive",
        "enableWafFailOpen": False,
        "accessLogs": {"bucket": "logs", "enabled": True},
        "enableDeletionProtection": True,
        "subnets": ["subnet-1", "subnet-2"],
    }


_NETWORK = {**balancer(), "loadBalancerType": "network", "enableCrossZoneLoadBalancing": True}
_HTTP = "aws-elb-listener-require-tls"
_WAF = "aws-elb-balancer-require-firewall"

CASES = [
    _case(_HTTP, _ON_HTTPS, "protocol", "HTTP"),
    _case(_HTTP, _ON_HTTP, "defaultActions[0].redirect.protocol", "HTTP"),
    _case(_HTTP, _ON_HTTP, "defaultActions[0].type", "forward"),
    _case("aws-elb-listener-match-tls-policy", _ON_HTTPS, "sslPolicy", "ELBSecurityPolicy-TLS13-1-0-2021-06"),
    _case("aws-elb-balancer-require-clean-headers", balancer(), "dropInvalidHeaderFields", False),
    _case("aws-elb-balancer-deny-desync", balancer(), "desyncMitigationMode", "monitor"),
    _case("aws-elb-balancer-require-access-logs", balancer(), "accessLogs.enabled", False),
    _case("aws-elb-balancer-require-deletion-protection", balancer(), "enableDeletionProtection", False),
    _case(_WAF, balancer(), "resourceArn", "arn:other", related=(_ASSOCIATION,), broken_related="firewall"),
    _case(_WAF, {**balancer(), "internal": True}, "internal", False),
    _case("aws-elb-balancer-deny-open-failure", balancer(), "enableWafFailOpen", True),
    _case("aws-elb-balancer-require-stated-exposure", balancer(), "internal", REMOVED),
    _case("aws-elb-balancer-require-cross-zone", _NETWORK, "enableCrossZoneLoadBalancing", False),
    _case("aws-elb-balancer-require-zones", balancer(), "subnets", ["subnet-1"]),
    _case("aws-elb-targets-require-health-checks", {"healthCheck": {"enabled": True}}, "healthCheck.enabled", False),
]  # fmt: skip
