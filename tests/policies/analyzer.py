"""The SDK's own analyzer service, in this process: what an engine talks to, with its conversions and proxies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies import catalogue
from policies.dispatch import Dispatcher, policies
from policies.interface import REMEDIES, RESOURCES, STACK
from policies.record import Record
from policies.rule import AnyRule

UNKNOWN = UNKNOWN_STRING_VALUE
"""What stands on the wire for a value that is not known during a preview."""
_LINE = re.compile(r"^(?P<rule>[a-z0-9-]+) \[(?P<severity>\w+)\] (?P<path>\S*?): (?P<text>.*)$")


def urn(token: str, name: str = "subject") -> str:
    """The URN of a resource in the stack under test."""
    return f"urn:pulumi:tests::pouw::{token}::{name}"


@dataclass(frozen=True, kw_only=True)
class Given:
    """A resource of a stack under test. ``references``: names of the resources from which each input comes."""

    type: str
    props: Mapping[str, Any]
    name: str = "subject"
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return urn(self.type, self.name)


@dataclass(frozen=True, kw_only=True)
class Said:
    """One diagnostic of the service."""

    rule: str
    urn: str
    path: str
    text: str
    mandatory: bool


class Analyzer:
    """A pack, loaded. ``rules``: those instead of the catalogue's."""

    def __init__(self, *rules: AnyRule, config: Mapping[str, Any] | None = None, record: Record | None = None) -> None:
        index = catalogue.index_by_type(rules)
        known = {rule.id: rule for rule in rules}
        dispatcher = (
            Dispatcher(record or Record(None), lambda token: index.get(token, ()), lambda: known)
            if rules
            else Dispatcher(record or Record(None))
        )
        self._service = _PolicyAnalyzerServicer("pouw", "0.0.1", policies(dispatcher), EnforcementLevel.ADVISORY)
        if config is not None:
            request = analyzer_pb2.ConfigureAnalyzerRequest()
            for name in (RESOURCES, STACK):
                request.policyConfig[name].enforcementLevel = analyzer_pb2.MANDATORY
                request.policyConfig[name].properties.update(dict(config))
            if config.get("remediate"):
                request.policyConfig[REMEDIES].enforcementLevel = analyzer_pb2.REMEDIATE
                request.policyConfig[REMEDIES].properties.update(dict(config))
            self._service.Configure(request, None)

    def resource(self, given: Given) -> list[Said]:
        """What is said of one resource."""
        request = analyzer_pb2.AnalyzeRequest(
            urn=given.urn, type=given.type, name=given.name, properties=_struct(given.props)
        )
        return [_said(one, given.urn) for one in self._service.Analyze(request, None).diagnostics]

    def remedied(self, given: Given) -> Given | None:
        """The resource after its rules' fixes; none where the service changes nothing."""
        request = analyzer_pb2.AnalyzeRequest(
            urn=given.urn, type=given.type, name=given.name, properties=_struct(given.props)
        )
        listed = self._service.Remediate(request, None).remediations
        assert all(not one.diagnostic for one in listed), listed
        return replace(given, props=json_format.MessageToDict(listed[0].properties)) if listed else None

    def is_about(self, given: Given) -> bool:
        """Whether any rule about single resources applies to it."""
        request = analyzer_pb2.AnalyzeRequest(
            urn=given.urn, type=given.type, name=given.name, properties=_struct(given.props)
        )
        return not any(one.policy_name == RESOURCES for one in self._service.Analyze(request, None).not_applicable)

    def stack(self, *given: Given) -> list[Said]:
        """What is said of a stack of these resources."""
        names = {one.name: one.urn for one in given}
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    urn=one.urn,
                    type=one.type,
                    name=one.name,
                    properties=_struct(one.props),
                    propertyDependencies={
                        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[names[name] for name in listed])
                        for key, listed in one.references.items()
                    },
                )
                for one in given
            ]
        )
        return [_said(one, "") for one in self._service.AnalyzeStack(request, None).diagnostics]


def _struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(props), struct_pb2.Struct())


def _said(diagnostic: Any, subject: str) -> Said:
    first = diagnostic.message.split("\n")[1]
    if not (found := _LINE.match(first)):
        raise AssertionError(f"a message that no gate can read: {diagnostic.message!r}")
    return Said(
        rule=found["rule"],
        urn=diagnostic.urn or subject,
        path=found["path"],
        text=found["text"],
        mandatory=diagnostic.enforcementLevel == analyzer_pb2.MANDATORY,
    )
