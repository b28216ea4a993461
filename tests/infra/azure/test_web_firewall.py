"""Rules of the firewall at the edge of an Azure site."""

from __future__ import annotations

import re

from infra.azure.web_firewall import MANAGED_RULES, rules


def test_other_addresses_may_only_read_the_ready_path() -> None:
    rule = rules(["198.51.100.0/24"])[0]
    stranger, path = rule["matchConditions"]
    assert rule["action"] == "Block"
    assert (stranger["matchValue"], stranger["negateCondition"]) == (["198.51.100.0/24"], True)
    [pattern] = path["matchValue"]
    assert path["negateCondition"] is True
    assert re.search(pattern, "https://rpc.pouw.example.org:443/ready")
    for uri in ("/readyx", "/ready/x", "/", "/x/ready", "/?a=/ready", "/x?y=://z/ready", "/ready?x", "/x://y/ready"):
        assert not re.search(pattern, f"https://rpc.pouw.example.org:443{uri}")


def test_other_addresses_may_only_use_get_and_head() -> None:
    stranger, method = rules(["198.51.100.0/24"])[1]["matchConditions"]
    assert stranger["negateCondition"] is True
    assert (method["matchVariable"], method["negateCondition"]) == ("RequestMethod", True)
    assert method["matchValue"] == ["GET", "HEAD"]


def test_every_address_is_rate_limited() -> None:
    rule = rules(["198.51.100.0/24"])[2]
    assert (rule["ruleType"], rule["action"], rule["rateLimitDurationInMinutes"]) == ("RateLimitRule", "Block", 1)
    assert rule["groupBy"] == [{"variableName": "SocketAddr"}]


def test_managed_rules_block() -> None:
    assert {rules["ruleSetAction"] for rules in MANAGED_RULES} == {"Block"}
