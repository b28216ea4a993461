"""Common parts of provider plugins: values, paths, changes, redaction and SDK types."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pouw.engine.plugins.core import input_faults
from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.changes import changes, parse_path, path_text
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, from_struct, has_secret, revealed, to_struct
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.core.validation import Validator

keys = st.text(min_size=1, max_size=6)
scalars = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
values = st.recursive(
    st.one_of(scalars, st.just(UNKNOWN)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3), inner.map(Secret)),
    max_leaves=12,
)
objects = st.dictionaries(keys, values, max_size=4)
faults_of_known = st.recursive(
    st.one_of(st.integers(-9, 9), st.text(max_size=3), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=10,
)


@given(objects)
def test_values_come_back_from_the_wire_as_they_went(value: dict[str, Value]) -> None:
    assert from_struct(to_struct(value)) == value


@given(objects)
def test_laid_open_nothing_is_secret(value: dict[str, Value]) -> None:
    assert not has_secret(revealed(value))


@given(st.dictionaries(keys, faults_of_known, max_size=4))
def test_an_object_does_not_differ_from_itself(value: dict[str, Value]) -> None:
    assert changes(value, value) == []


@given(st.dictionaries(keys, faults_of_known, max_size=3), st.dictionaries(keys, faults_of_known, max_size=3))
def test_objects_that_differ_have_changes(first: dict[str, Value], second: dict[str, Value]) -> None:
    assert bool(changes(first, second)) is (repr(first) != repr(second) and differ(first, second))


def differ(first: Value, second: Value) -> bool:
    if isinstance(first, bool) or isinstance(second, bool):
        return first is not second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() != second.keys() or any(differ(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) != len(second) or any(map(differ, first, second))
    return bool(first != second)


steps = st.one_of(st.integers(0, 99), st.sampled_from(["spec", "a.b", 'q"q', "x[0]", "deep"]))


@given(st.lists(steps, min_size=1, max_size=5).filter(lambda path: isinstance(path[0], str)))
def test_a_path_is_read_as_it_was_written(path: list[str | int]) -> None:
    assert parse_path(path_text(tuple(path))) == tuple(path)


@pytest.mark.parametrize("text", ["a[1", 'a["b'])
def test_a_broken_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no end"):
        parse_path(text)


def test_secrets_are_taken_out_of_text_in_either_form() -> None:
    redact = Redaction({"a": {"b": Secret({"c": "canary"})}, "d": Secret("ab")})
    assert redact("canary, Y2FuYXJ5 and ab") == "[secret], [secret] and ab"


def test_a_secret_says_nothing_of_itself() -> None:
    assert "canary" not in repr({"a": Secret("canary")})


def test_a_urn_gives_its_type_and_name() -> None:
    urn = Urn.parse("urn:pulumi:dev::p::pouw:x:Parent$kubernetes:apps/v1:Deployment::a::b")
    assert (urn.module, urn.kind, urn.name) == ("apps/v1", "Deployment", "a::b")
    with pytest.raises(ValueError, match="is not a URN"):
        Urn.parse("web")


def test_a_late_waiter_is_woken_at_once() -> None:
    cancelled, woken = Cancellation(), threading.Event()
    cancelled.set()
    with cancelled.subscribed(woken.set):
        assert woken.is_set()


SDK = Sdk("pulumi_kubernetes")
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (
            {"spec": {"replicas": "x", "selector": {}, "template": {}}},
            "spec.replicas: must be an integer, got a string: 'x'",
        ),
        (
            {"spec": {"replica": 1, "selector": {}, "template": {}}},
            "spec.replica: there is no such field; did you mean 'replicas'?",
        ),
        ({"spec": {"selector": {}}}, "spec.template: is required"),
        (
            {"spec": Secret({"replicas": "canary", "selector": {}, "template": {}})},
            "spec.replicas: must be an integer, got a string",
        ),
        ({"spec": UNKNOWN, "metadata": {"labels": {"a": 1}}}, "metadata.labels.a: must be a string, got an integer: 1"),
        ({"spec": {"selector": UNKNOWN, "template": UNKNOWN, "replicas": UNKNOWN}}, None),
        (
            {"spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "c", "ports": [{"port": 1}]}]}}}},
            "spec.template.spec.containers[0].ports[0].containerPort: is required",
        ),
        ({"spec": UNKNOWN, "kind": "Pod"}, "kind: must be one of Deployment, got 'Pod'"),
    ],
)
def test_the_sdk_knows_what_fits(inputs: dict[str, Value], expected: str | None) -> None:
    resource = SDK.resource(DEPLOYMENT)
    assert resource is not None
    messages = Validator(SDK).faults(inputs, resource.inputs)
    assert [input_faults.line(fault) for fault in messages[:1]] == ([] if expected is None else [expected])


def test_a_type_that_the_sdk_does_not_have_is_none() -> None:
    assert SDK.resource("kubernetes:pouw.dev/v1:Task") is None
