"""The pack's policies: one dispatches a resource to the rules about its type, one does so for the whole stack.

Each policy object converts every property of every resource, so one exists for resources and one for the stack,
independently of the number of rules. Every rule is evaluated separately: an unknown value stops only the rule that
reads it.

An engine supports one level per policy. The two dispatching policies are mandatory. Two further ones report the
findings of advisory rules; they evaluate nothing and repeat the results of the first two. A caller that reads the
record disables them. A fifth policy applies the fixes of rules; it is disabled by default. An engine calls it first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_policy.proxy import UnknownValueError

from policies import catalogue, pack_config
from policies.evaluation import evaluate
from policies.interface import REMEDIES, RESOURCE_ADVICE, RESOURCES, SETTINGS_TYPE, STACK, STACK_ADVICE, STACK_TYPE
from policies.messages import messages
from policies.nulls import without_nulls
from policies.pack_config import PackConfig
from policies.record import Record
from policies.remediation import remediate
from policies.result import Result
from policies.rule import AnyRule, FixContext, Level, Rule, StackRule
from policies.stack import Resource, Stack

if TYPE_CHECKING:
    from pulumi_policy import Policy, PolicyResource, ResourceValidationArgs, StackValidationArgs


class Report(Protocol):
    """The SDK's callback for a violation."""

    def __call__(self, message: str, urn: str | None = None) -> None:
        """Report a violation; without a URN, of the current resource or the stack."""


class Dispatcher:
    """The rules behind the pack's policies. ``rules_for`` returns the rules about a type."""

    def __init__(
        self,
        record: Record,
        rules_for: Callable[[str], Sequence[AnyRule]] = catalogue.rules_for,
        every_rule: Callable[[], Mapping[str, AnyRule]] = catalogue.every_rule,
    ) -> None:
        self._record = record
        self._rules_for = rules_for
        self._every_rule = every_rule
        self._config: PackConfig | None = None
        # The engine calls from several threads; the policies of one call run in one thread.
        self._advice = threading.local()
        self._inputs: dict[str, Mapping[str, Any]] = {}

    def resource(self, args: ResourceValidationArgs, report: Report) -> None:
        """Evaluate every rule about the resource's type."""
        config = self._configured(args.get_config())
        rules = [
            rule
            for rule in self._rules_for(args.resource_type)
            if isinstance(rule, Rule) and config.level(rule) is not Level.DISABLED
        ]
        props = self._inputs[args.urn] = without_nulls(args.props)
        results = [evaluate(rule, partial(rule.check, props)) for rule in rules]
        waived, advice = self._report(config, args.urn, results, partial(report, urn=None))
        self._advice.resource = advice
        self._record.write("resource", args.urn, args.resource_type, results, waived)
        if not rules:
            args.not_applicable("no rule is about this type")

    def stack(self, args: StackValidationArgs, report: Report) -> None:
        """Evaluate every rule about the stack, once per resource of its types."""
        config = self._configured(args.get_config())
        resources = [as_resource(source, self._inputs.get(source.urn)) for source in args.resources]
        stack = Stack([*resources, *_settings(config, args.resources)])
        stack_advice: list[tuple[str, str]] = []
        for resource in stack.resources:
            rules = [
                rule
                for rule in self._rules_for(resource.type)
                if isinstance(rule, StackRule) and config.level(rule) is not Level.DISABLED
            ]
            results = [evaluate(rule, partial(rule.check, resource, stack)) for rule in rules]
            if results:
                waived, advice = self._report(config, resource.urn, results, partial(report, urn=resource.urn))
                stack_advice += [(text, resource.urn) for text in advice]
                self._record.write("stack", resource.urn, resource.type, results, waived)
        self._advice.stack = stack_advice

    def remedy(self, args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        """Return the resource's properties with the additions of fixes; None without additions."""
        config = self._configured(args.get_config())
        if not config.remediate:
            return None
        rules = [
            rule
            for rule in self._rules_for(args.resource_type)
            if isinstance(rule, Rule)
            and config.level(rule) is not Level.DISABLED
            and not config.is_waived(rule.id, args.urn)
        ]
        context = FixContext(type=args.resource_type, tags=config.tags(args.urn))
        result = remediate(args.props, rules, context)
        self._record.write_fixes(args.urn, args.resource_type, result.fixes)
        return result.props if any(fix.paths for fix in result.fixes) else None

    def resource_advice(self, args: ResourceValidationArgs, report: Report) -> None:
        """Report the findings of advisory rules on the resource that was evaluated last."""
        del args
        for text in self._advice.resource:
            report(text, None)

    def stack_advice(self, args: StackValidationArgs, report: Report) -> None:
        """Report the findings of advisory rules on the stack that was evaluated last."""
        del args
        for text, urn in self._advice.stack:
            report(text, urn)

    def _configured(self, arguments: Mapping[str, Any]) -> PackConfig:
        if self._config is None:
            self._config = pack_config.parse(arguments, self._every_rule()) if arguments else PackConfig()
        return self._config

    def _report(
        self, config: PackConfig, urn: str, results: Iterable[Result], report: Callable[[str], None]
    ) -> tuple[frozenset[str], list[str]]:
        """Report the findings of mandatory rules. Return the waived rules and the findings of advisory ones."""
        waived, advice = set(), []
        for result in results:
            if result.passed:
                continue
            if config.is_waived(result.rule.id, urn):
                waived.add(result.rule.id)
            elif config.level(result.rule) is Level.MANDATORY:
                for text in messages(result):
                    report(text)
            else:
                advice += messages(result)
        return frozenset(waived), advice


def as_resource(source: PolicyResource, inputs: Mapping[str, Any] | None = None) -> Resource:
    """Return the SDK's resource in our form. ``inputs`` are the declared ones; by default its outputs."""
    outputs = without_nulls(source.props)
    declared_inputs = outputs if inputs is None else inputs
    return Resource(
        urn=source.urn,
        type=source.resource_type,
        name=source.name,
        props=outputs if inputs is None else PlannedProps(outputs, inputs),
        inputs=declared_inputs,
        parent=source.parent.urn if source.parent else "",
        references={
            name: frozenset(origin.urn for origin in origins) for name, origins in source.property_dependencies.items()
        },
    )


class PlannedProps(Mapping[str, Any]):
    """Outputs; for a missing or unknown output, the input of that name.

    In a preview an engine has no outputs where the provider's own configuration is unknown, and no value where the
    provider does not predict one. The declared input is then the best prediction.
    """

    def __init__(self, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        self._outputs, self._inputs = outputs, inputs

    def __getitem__(self, key: str) -> Any:
        try:
            return self._outputs[key]
        except KeyError:
            return self._inputs[key]
        except UnknownValueError:
            if key in set(self._inputs):  # test the names only; the mapping itself would read the value
                return self._inputs[key]
            raise

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._outputs, *self._inputs)))

    def __len__(self) -> int:
        return len({*self._outputs, *self._inputs})


def _settings(config: PackConfig, resources: Sequence[PolicyResource]) -> Iterable[Resource]:
    if config.settings:
        root = next((resource for resource in resources if resource.resource_type == STACK_TYPE), None)
        urn = root.urn if root else ""
        yield Resource(urn=urn, type=SETTINGS_TYPE, name="settings", props=config.settings, inputs=config.settings)


def policies(dispatcher: Dispatcher) -> list[Policy]:
    """Return the policy objects of the pack."""
    from pulumi_policy import (
        EnforcementLevel,
        PolicyConfigSchema,
        ResourceValidationPolicy,
        StackValidationPolicy,
    )

    schema = PolicyConfigSchema(
        properties={
            "environment": {"type": "string"},
            "advisory": {"type": "boolean"},
            "levels": {"type": "object"},
            "waived": {"type": "array", "items": {"type": "object"}},
            "settings": {"type": "object"},
            "remediate": {"type": "boolean"},
        }
    )
    return [
        ResourceValidationPolicy(
            RESOURCES,
            "Every rule about one resource",
            dispatcher.resource,
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=schema,
        ),
        ResourceValidationPolicy(
            RESOURCE_ADVICE,
            "Advice about one resource",
            dispatcher.resource_advice,
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
        StackValidationPolicy(
            STACK,
            "Every rule about a resource in the context of its stack",
            dispatcher.stack,
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=schema,
        ),
        StackValidationPolicy(
            STACK_ADVICE,
            "Advice about a resource in the context of its stack",
            dispatcher.stack_advice,
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
        ResourceValidationPolicy(
            REMEDIES,
            "Properties that fixes add to one resource",
            remediate=dispatcher.remedy,
            enforcement_level=EnforcementLevel.DISABLED,
            config_schema=schema,
        ),
    ]
