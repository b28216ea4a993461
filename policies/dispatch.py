"""The pack's policies: one that hands a resource to the rules about its type, one that does so for the whole stack.

Each policy object costs a conversion of every property of every resource, so there is one for resources and one for
the stack, whatever the number of rules. Every rule is evaluated by itself: an unknown value stops the rule that reads
it and no other.

An engine knows one level a policy. The two dispatching policies are mandatory; what advisory rules find is said by two
further ones, which evaluate nothing and repeat what the first two found. A caller that reads the record disables them.
A fifth one lets rules add what is missing. It is disabled unless a run says otherwise; an engine calls it first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_policy.proxy import UnknownValueError

from policies import catalogue, packconfig
from policies.evaluation import evaluate
from policies.fixing import remedied
from policies.names import REMEDIES, RESOURCE_ADVICE, RESOURCES, SETTINGS_TYPE, STACK, STACK_ADVICE, STACK_TYPE
from policies.nulls import without_nulls
from policies.packconfig import PackConfig
from policies.record import Record
from policies.result import Result
from policies.rule import AnyRule, Level, Rule, StackRule, Surroundings
from policies.stack import Resource, Stack
from policies.wording import messages

if TYPE_CHECKING:
    from pulumi_policy import Policy, PolicyResource, ResourceValidationArgs, StackValidationArgs


class Report(Protocol):
    """The SDK's way to take a violation."""

    def __call__(self, message: str, urn: str | None = None) -> None:
        """Take one; without a URN it is the resource's or the stack's."""


class Dispatcher:
    """The rules behind the pack's policies. ``rules_for`` gives the rules about a type."""

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
        # The engine's calls come in several threads, and the policies of one call run in one of them.
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
        waived, advice = self._tell(config, args.urn, results, partial(report, urn=None))
        self._advice.resource = advice
        self._record.write("resource", args.urn, args.resource_type, results, waived)
        if not rules:
            args.not_applicable("no rule is about this type")

    def stack(self, args: StackValidationArgs, report: Report) -> None:
        """Evaluate every rule about resources among others, once for each resource that it is about."""
        config = self._configured(args.get_config())
        resources = [as_resource(one, self._inputs.get(one.urn)) for one in args.resources]
        stack = Stack([*resources, *_settings(config, args.resources)])
        told: list[tuple[str, str]] = []
        for one in stack.resources:
            rules = [
                rule
                for rule in self._rules_for(one.type)
                if isinstance(rule, StackRule) and config.level(rule) is not Level.DISABLED
            ]
            results = [evaluate(rule, partial(rule.check, one, stack)) for rule in rules]
            if results:
                waived, advice = self._tell(config, one.urn, results, partial(report, urn=one.urn))
                told += [(text, one.urn) for text in advice]
                self._record.write("stack", one.urn, one.type, results, waived)
        self._advice.stack = told

    def remedy(self, args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        """The resource's properties with what rules add; none where nothing is added."""
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
        around = Surroundings(type=args.resource_type, tags=config.tags(args.urn))
        result = remedied(args.props, rules, around)
        self._record.write_fixes(args.urn, args.resource_type, result.fixes)
        return result.props if any(one.paths for one in result.fixes) else None

    def resource_advice(self, args: ResourceValidationArgs, report: Report) -> None:
        """Say what advisory rules found on the resource that was just evaluated."""
        del args
        for text in self._advice.resource:
            report(text, None)

    def stack_advice(self, args: StackValidationArgs, report: Report) -> None:
        """Say what advisory rules found on the stack that was just evaluated."""
        del args
        for text, urn in self._advice.stack:
            report(text, urn)

    def _configured(self, told: Mapping[str, Any]) -> PackConfig:
        if self._config is None:
            self._config = packconfig.parse(told, self._every_rule()) if told else PackConfig()
        return self._config

    def _tell(
        self, config: PackConfig, urn: str, results: Iterable[Result], report: Callable[[str], None]
    ) -> tuple[frozenset[str], list[str]]:
        """Report what mandatory rules found; the waived rules, and what advisory ones found."""
        waived, advice = set(), []
        for one in results:
            if one.passed:
                continue
            if config.is_waived(one.rule.id, urn):
                waived.add(one.rule.id)
            elif config.level(one.rule) is Level.MANDATORY:
                for text in messages(one):
                    report(text)
            else:
                advice += messages(one)
        return frozenset(waived), advice


def as_resource(given: PolicyResource, inputs: Mapping[str, Any] | None = None) -> Resource:
    """The SDK's resource in our words. ``inputs`` are those that it was declared with; its outputs unless given."""
    outputs = without_nulls(given.props)
    declared = outputs if inputs is None else inputs
    return Resource(
        urn=given.urn,
        type=given.resource_type,
        name=given.name,
        props=outputs if inputs is None else Seen(outputs, inputs),
        inputs=declared,
        parent=given.parent.urn if given.parent else "",
        refers={name: frozenset(one.urn for one in listed) for name, listed in given.property_dependencies.items()},
    )


class Seen(Mapping[str, Any]):
    """Outputs; for a property that they lack or do not know, the input of that name.

    In a preview an engine has no outputs at all where a provider's own configuration is not known yet, and no value
    where a provider does not guess one. What was declared is then what will be.
    """

    def __init__(self, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        self._outputs, self._inputs = outputs, inputs

    def __getitem__(self, key: str) -> Any:
        try:
            return self._outputs[key]
        except KeyError:
            return self._inputs[key]
        except UnknownValueError:
            if key in set(self._inputs):  # the names: asked itself, it would read the value
                return self._inputs[key]
            raise

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._outputs, *self._inputs)))

    def __len__(self) -> int:
        return len({*self._outputs, *self._inputs})


def _settings(config: PackConfig, resources: Sequence[PolicyResource]) -> Iterable[Resource]:
    if config.settings:
        root = next((one for one in resources if one.resource_type == STACK_TYPE), None)
        urn = root.urn if root else ""
        yield Resource(urn=urn, type=SETTINGS_TYPE, name="settings", props=config.settings, inputs=config.settings)


def policies(dispatcher: Dispatcher) -> list[Policy]:
    """The pack's policy objects."""
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
            "Every rule about a resource among the others",
            dispatcher.stack,
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=schema,
        ),
        StackValidationPolicy(
            STACK_ADVICE,
            "Advice about a resource among the others",
            dispatcher.stack_advice,
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
        ResourceValidationPolicy(
            REMEDIES,
            "What rules add to one resource",
            remediate=dispatcher.remedy,
            enforcement_level=EnforcementLevel.DISABLED,
            config_schema=schema,
        ),
    ]
