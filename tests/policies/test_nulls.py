"""Null is nothing, wherever properties come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from policies.nulls import without_nulls
from pouw.gate import manifests
from tests.policies.analyzer import UNKNOWN

OPEN = """
apiVersion: v1
kind: Service
metadata: {name: some, namespace: shop}
spec: {type: LoadBalancer, loadBalancerSourceRanges: null, ports: [{port: 80}]}
"""


def test_nulls_are_taken_out_at_any_depth_items_keep_their_places_and_the_unknown_stays_unknown() -> None:
    given = {"a": None, "b": {"c": None, "d": [None, {"e": None, "f": 1}]}, "g": UNKNOWN}
    cleaned = without_nulls(unknown_checking_proxy(given))
    assert (list(cleaned), list(cleaned["b"]), list(cleaned["b"]["d"][1])) == (["b", "g"], ["d"], ["f"])
    assert cleaned["b"]["d"][0] is None
    with pytest.raises(UnknownValueError):
        cleaned["g"]


def test_a_manifest_with_a_null_is_one_without_the_key(tmp_path: Path) -> None:
    both = [OPEN, OPEN.replace("loadBalancerSourceRanges: null, ", "")]
    for number, text in enumerate(both):
        (tmp_path / f"{number}.yaml").write_text(text)
    told = [manifests.verdict(tmp_path / f"{number}.yaml").findings for number in range(2)]
    assert [one.message for one in told[0]] == [one.message for one in told[1]]
    assert told[0]
