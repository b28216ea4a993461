from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pouw.engine.interrupted import (
    Adoption,
    Plan,
    adopted,
    drop_torn_attributes,
    identify,
    plan,
    present,
    read_state,
    repair,
)

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def resource(name: str, token: str = CONFIG_MAP, **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:local::pouw::{token}::{name}"
    return {"urn": urn, "type": token, "inputs": {"metadata": {"name": name, "namespace": "ns"}}, **more}


def pending(kind: str, of: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "resource": of}


@pytest.mark.parametrize(
    ("token", "metadata", "expected"),
    [
        (CONFIG_MAP, {"name": "a", "namespace": "ns"}, "ns/a"),
        (CONFIG_MAP, {"name": "a"}, "default/a"),
        ("kubernetes:core/v1:Namespace", {"name": "a"}, "a"),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", {"name": "a"}, "a"),
        ("kubernetes:example.dev/v1:Widget", {"name": "a", "namespace": "ns"}, "ns/a"),
        (CONFIG_MAP, {"generateName": "a-"}, ""),
        (CONFIG_MAP, {"name": {"4dabf18193072939515e22adb298388d": "x"}}, ""),
        (CONFIG_MAP, "no metadata", ""),
        ("pulumi:providers:kubernetes", {"name": "a"}, ""),
        ("aws:s3/bucket:Bucket", {"name": "a"}, ""),
    ],
)
def test_an_identity_follows_from_the_inputs_or_is_not_guessed(token: str, metadata: object, expected: str) -> None:
    assert identify(token, {"metadata": metadata}) == expected


def test_a_clean_state_needs_nothing() -> None:
    assert plan({"resources": [resource("a")]}) == Plan()
    assert not plan({}).is_needed


def test_pending_operations_are_adopted_cleared_or_read_again() -> None:
    unknown = resource("b", "aws:s3/bucket:Bucket")
    result = plan(
        {
            "pending_operations": [
                pending("creating", resource("a")),
                pending("creating", unknown),
                pending("updating", resource("c")),
                pending("deleting", resource("d")),
            ]
        }
    )
    assert result.adopt == (Adoption(urn=resource("a")["urn"], id="ns/a"),)
    assert result.clear == (unknown["urn"],)
    assert result.reread == (resource("c")["urn"], resource("d")["urn"])
    assert result.is_needed


def test_an_adopted_resource_is_last_and_nothing_stays_pending() -> None:
    state = {"resources": [resource("base", id="ns/base")], "pending_operations": [pending("creating", resource("a"))]}
    adopted_resource = adopted(state, plan(state))
    assert "pending_operations" not in adopted_resource
    assert [(resource["urn"].rsplit("::", 1)[-1], resource["id"]) for resource in adopted_resource["resources"]] == [
        ("base", "ns/base"),
        ("a", "ns/a"),
    ]
    assert adopted_resource["resources"][1]["custom"] is True


def test_a_cleared_create_leaves_no_resource() -> None:
    state = {"pending_operations": [pending("creating", resource("b", "aws:s3/bucket:Bucket"))]}
    assert adopted(state, plan(state)) == {"resources": []}


def test_the_second_half_of_a_replacement_keeps_the_first_for_deletion() -> None:
    replacement = resource("a", inputs={"metadata": {"name": "a-new", "namespace": "ns"}})
    state = {"resources": [resource("a", id="ns/a-old")], "pending_operations": [pending("creating", replacement)]}
    resources = adopted(state, plan(state))["resources"]
    assert [(resource["id"], resource.get("delete", False)) for resource in resources] == [
        ("ns/a-old", True),
        ("ns/a-new", False),
    ]


def test_a_create_over_the_same_object_keeps_what_was_known_of_it() -> None:
    state = {
        "resources": [resource("a", id="ns/a", outputs={"x": 1})],
        "pending_operations": [pending("creating", resource("a"))],
    }
    (adoption,) = adopted(state, plan(state))["resources"]
    assert (adoption["id"], adoption["outputs"]) == ("ns/a", {"x": 1})


def test_only_what_the_state_has_is_read_again() -> None:
    here = resource("a")
    assert present({"resources": [here]}, [here["urn"], "urn:gone", here["urn"]]) == [here["urn"]]


def good(path: Path, time: str) -> None:
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"manifest": {"time": time}}}}))


def test_a_truncated_state_is_replaced_by_its_backup_and_kept_beside_it(tmp_path: Path) -> None:
    state = tmp_path / "local.json"
    state.write_text('{"version": 3, "checkpo')
    good(tmp_path / "local.json.bak", "before")
    assert repair(state)
    assert read_state(state) == {"latest": {"manifest": {"time": "before"}}}
    assert (tmp_path / "local.json.damaged").read_text().startswith('{"version')
    assert not repair(state)


def test_a_good_state_or_none_is_left_alone(tmp_path: Path) -> None:
    assert not repair(tmp_path / "absent.json")
    good(tmp_path / "local.json", "now")
    good(tmp_path / "local.json.bak", "before")
    assert not repair(tmp_path / "local.json")


def test_a_damaged_state_without_a_good_backup_is_left_for_a_person(tmp_path: Path) -> None:
    state = tmp_path / "local.json"
    state.write_text("{")
    (tmp_path / "local.json.bak").write_text("{")
    assert not repair(state)
    assert state.exists()


@pytest.mark.parametrize("torn", ["", '{"user.cache_control": ""'])
def test_attributes_that_were_cut_short_are_removed_and_others_stay(tmp_path: Path, torn: str) -> None:
    good(tmp_path / "local.json", "now")
    (tmp_path / "local.json.attrs").write_text(torn)
    (tmp_path / "other.json.attrs").write_text("{}")
    assert drop_torn_attributes(tmp_path) == [tmp_path / "local.json.attrs"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["local.json", "other.json.attrs"]
    assert drop_torn_attributes(tmp_path / "absent") == []
