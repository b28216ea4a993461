"""The SDK's analyzer service in this process, with the conversions and proxies that an engine would use."""

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
"""The wire form of a value that is unknown during a preview."""
_LINE = re.compile(r"^(?P<rule>[a-z0-9-]+) \[(?P<severity>\w+)\] (?P<path>\S*?): (?P<text>.*)$")


def urn(token: str, name: str = "subject") -> str:
    """Return the URN of a resource in the stack under test."""
    return f"urn:pulumi:tests::pouw::{token}::{name}"


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A resource of a stack under test. ``references``: names of the resources from which each input comes."""

    type: str
    props: Mapping[str, Any]
    name: str = "subject"
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return urn(self.type, self.name)


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One diagnostic of the service."""

    rule: str
    urn: str
    path: str
    text: str
    mandatory: bool

    @property
    def evaluated(self) -> bool:
        """True for a violation, False for a rule that met an unknown value."""
        return not self.text.startswith("not evaluated, ")


class Analyzer:
    """A loaded pack. ``rules`` replace those of the catalogue."""

    def __init__(self, *rules: AnyRule, config: Mapping[str, Any] | None = None, record: Record | None = None) -> None:
        index = catalogue.index_by_type(rules)
        by_id = {rule.id: rule for rule in rules}
        dispatcher = (
            Dispatcher(record or Record(None), lambda token: index.get(token, ()), lambda: by_id)
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

    def resource(self, declaration: Declaration) -> list[Diagnostic]:
        """Return the diagnostics of one resource."""
        response = self._service.Analyze(_request(declaration), None)
        return [_parse(diagnostic, declaration.urn) for diagnostic in response.diagnostics]

    def remediate(self, declaration: Declaration) -> Declaration | None:
        """Return the resource after the fixes of its rules; None where the service changes nothing."""
        remediations = self._service.Remediate(_request(declaration), None).remediations
        assert all(not remediation.diagnostic for remediation in remediations), remediations
        if not remediations:
            return None
        return replace(declaration, props=json_format.MessageToDict(remediations[0].properties))

    def judges(self, declaration: Declaration) -> bool:
        """True if any rule about single resources applies to the resource."""
        response = self._service.Analyze(_request(declaration), None)
        return not any(policy.policy_name == RESOURCES for policy in response.not_applicable)

    def stack(self, *declarations: Declaration) -> list[Diagnostic]:
        """Return the diagnostics of a stack of these resources."""
        urns = {declaration.name: declaration.urn for declaration in declarations}
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    urn=declaration.urn,
                    type=declaration.type,
                    name=declaration.name,
                    properties=_struct(declaration.props),
                    propertyDependencies={
                        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[urns[name] for name in names])
                        for key, names in declaration.references.items()
                    },
                )
                for declaration in declarations
            ]
        )
        return [_parse(diagnostic, "") for diagnostic in self._service.AnalyzeStack(request, None).diagnostics]


def _request(declaration: Declaration) -> Any:
    return analyzer_pb2.AnalyzeRequest(
        urn=declaration.urn, type=declaration.type, name=declaration.name, properties=_struct(declaration.props)
    )


def _struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(props), struct_pb2.Struct())


def _parse(diagnostic: Any, subject: str) -> Diagnostic:
    first_line = diagnostic.message.split("\n")[1]
    if not (match := _LINE.match(first_line)):
        raise AssertionError(f"the gate cannot parse the message {diagnostic.message!r}")
    return Diagnostic(
        rule=match["rule"],
        urn=diagnostic.urn or subject,
        path=match["path"],
        text=match["text"],
        mandatory=diagnostic.enforcementLevel == analyzer_pb2.MANDATORY,
    )
