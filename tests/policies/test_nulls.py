"""Tests of nulls in properties, from an engine and from manifests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from policies.nulls import without_nulls
from pouw.gate import manifest_check
from tests.policies.analyzer import UNKNOWN

OPEN = """
apiVersion: v1
kind: Service
metadata: {name: some, namespace: shop}
spec: {type: LoadBalancer, loadBalancerSourceRanges: null, ports: [{port: 80}]}
"""


def test_nulls_are_removed_at_any_depth_and_items_keep_their_indices() -> None:
    props = {"a": None, "b": {"c": None, "d": [None, {"e": None, "f": 1}]}, "g": UNKNOWN}
    cleaned = without_nulls(unknown_checking_proxy(props))
    assert (list(cleaned), list(cleaned["b"]), list(cleaned["b"]["d"][1])) == (["b", "g"], ["d"], ["f"])
    assert cleaned["b"]["d"][0] is None
    with pytest.raises(UnknownValueError):
        cleaned["g"]


def test_a_null_in_a_manifest_equals_an_absent_key(tmp_path: Path) -> None:
    documents = [OPEN, OPEN.replace("loadBalancerSourceRanges: null, ", "")]
    for number, text in enumerate(documents):
        (tmp_path / f"{number}.yaml").write_text(text)
    findings = [manifest_check.verdict(tmp_path / f"{number}.yaml").findings for number in range(2)]
    assert [finding.message for finding in findings[0]] == [finding.message for finding in findings[1]]
    assert findings[0]
