"""Tests of the ports and ranges that count as exposed, against tables that do not come from the code."""

from __future__ import annotations

import pytest

from policies.catalogue import every_rule
from policies.exposure import is_internet
from tests.policies.analyzer import Analyzer, Declaration
from tests.policies.azure.fixtures import opening

PORTS = {
    "azure-network-guard-deny-open-administration": "22 23 3389 5985 5986",
    "azure-network-guard-deny-open-data": (
        "139 445 1433 1521 2049 2375 2379 2380 3306 5432 5601 6379 9042 9200 10250 11211 27017"
    ),
    "azure-network-guard-deny-open-reflection": "53 123 161 389 1900",
}
SECURITY_RULE = "azure-native:network:SecurityRule"


@pytest.mark.parametrize("rule", PORTS)
def test_each_port_of_a_table_is_reported_and_its_neighbour_is_not(rule: str) -> None:
    analyzer = Analyzer(every_rule()[rule])
    ports = [int(text) for text in PORTS[rule].split()]
    reported = [
        port
        for port in sorted({*ports, *(port + 1 for port in ports)})
        if analyzer.resource(Declaration(type=SECURITY_RULE, props=opening(str(port), protocol="Udp")))
    ]
    assert reported == ports


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("0.0.0.0/0", True),
        ("128.0.0.0/1", True),
        ("10.0.0.0/7", True),
        ("10.0.0.0/8", False),
        ("::/0", True),
        ("fc00::/6", True),
        ("fc00::/7", False),
        ("203.0.113.0/24", False),
    ],
)
def test_a_range_wider_than_all_private_addresses_is_the_internet(cidr: str, *, expected: bool) -> None:
    assert is_internet(cidr) is expected
