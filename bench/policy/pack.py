"""Cost of the pack per resource and per stack, beside the same rules registered the conventional way, in one process.

    python -m bench.policy.pack [RESOURCES]

The conventional way is one policy object per rule, as packs are commonly written. Both sides are the SDK's own service
and receive the same requests, so both figures include the conversion of properties. The conventional side receives a
tenth of the resources, and its figures are scaled. The floor is a pack with one policy that evaluates nothing. Goals:
under 1 ms per resource, under 2 s per stack.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer as Service

from policies import catalogue
from policies.dispatch import Dispatcher, as_resource, policies
from policies.evaluation import evaluate
from policies.interface import RESOURCE_ADVICE, STACK_ADVICE
from policies.record import Record
from policies.rule import AnyRule, Rule, StackRule
from policies.stack import Stack
from tests.policies.test_rules import CASES

RESOURCE_GOAL_MS, STACK_GOAL_S = 1.0, 2.0


def dispatching(record: Path) -> Service:
    """Return the pack as the gate runs it: with a record, and without the policies that repeat advice."""
    service = Service("pouw", "0.0.1", policies(Dispatcher(Record(record))), EnforcementLevel.ADVISORY)
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name in (RESOURCE_ADVICE, STACK_ADVICE):
        request.policyConfig[name].enforcementLevel = analyzer_pb2.DISABLED
    service.Configure(request, None)
    return service


def conventional(rules: Sequence[AnyRule]) -> Service:
    """Return a pack with one policy object per rule."""
    return Service("pouw", "0.0.1", [_policy(rule) for rule in rules], EnforcementLevel.MANDATORY)


def empty() -> Service:
    """Return a pack with one policy per kind that evaluates nothing: the cost of the service itself."""

    def evaluate_nothing(args: Any, report: Any) -> None:
        del args, report

    resource = ResourceValidationPolicy("resource", "Floor", evaluate_nothing)
    stack = StackValidationPolicy("stack", "Floor", evaluate_nothing)
    return Service("pouw", "0.0.1", [resource, stack], EnforcementLevel.MANDATORY)


def _policy(rule: AnyRule) -> ResourceValidationPolicy | StackValidationPolicy:
    def resource(args: Any, report: Any) -> None:
        if isinstance(rule, Rule) and args.resource_type in rule.types:
            for violation in evaluate(rule, partial(rule.check, args.props)).violations:
                report(violation.message)

    def stack(args: Any, report: Any) -> None:
        whole_stack = Stack([*map(as_resource, args.resources)])
        for subject in whole_stack.of_type(*rule.types):
            if isinstance(rule, StackRule):
                for violation in evaluate(rule, partial(rule.check, subject, whole_stack)).violations:
                    report(violation.message, subject.urn)

    if isinstance(rule, Rule):
        return ResourceValidationPolicy(rule.id, rule.why, resource)
    return StackValidationPolicy(rule.id, rule.why, stack)


def requests(count: int) -> list[Any]:
    """Return that many resources of types that rules judge, with different names."""
    fixtures = [(declaration.type, declaration.props) for case in CASES for declaration in case.stack()]
    analyze_requests = []
    for number in range(count):
        token, props = fixtures[number % len(fixtures)]
        struct = json_format.ParseDict(copy.deepcopy(dict(props)), struct_pb2.Struct())
        urn = f"urn:pulumi:bench::pouw::{token}::r{number}"
        analyze_requests.append(analyzer_pb2.AnalyzeRequest(urn=urn, type=token, name=f"r{number}", properties=struct))
    return analyze_requests


def per_resource_ms(service: Service, resources: Sequence[Any]) -> float:
    """Return the mean milliseconds per resource."""
    return _seconds(lambda: [service.Analyze(resource, None) for resource in resources]) / len(resources) * 1000


def stack_s(service: Service, resources: Sequence[Any]) -> float:
    """Return the seconds of one stack of all resources."""
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                urn=resource.urn, type=resource.type, name=resource.name, properties=resource.properties
            )
            for resource in resources
        ]
    )
    return _seconds(lambda: service.AnalyzeStack(request, None))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(count: int) -> int:
    """Measure and print; return 1 if a goal is missed."""
    rules = list(catalogue.every_rule().values())
    resources = requests(count)
    with tempfile.TemporaryDirectory() as folder:
        pack, usual, floor = dispatching(Path(folder, "record.jsonl")), conventional(rules), empty()
        per_resource_ms(pack, resources[:50])  # the first resource of each type imports its rules
        sample = resources[: max(50, count // 10)]
        resource = [per_resource_ms(pack, resources), per_resource_ms(usual, sample), per_resource_ms(floor, resources)]
        stack = [stack_s(pack, resources), stack_s(usual, sample) * count / len(sample), stack_s(floor, resources)]
    single = sum(isinstance(rule, Rule) for rule in rules)
    print(f"{len(rules)} rules ({single} about one resource, {len(rules) - single} about a stack), {count} resources")
    _print("one resource", "ms", resource, RESOURCE_GOAL_MS)
    _print("one stack", "s", stack, STACK_GOAL_S)
    return int(resource[0] >= RESOURCE_GOAL_MS or stack[0] >= STACK_GOAL_S)


def _print(subject: str, unit: str, values: Sequence[float], goal: float) -> None:
    pack, usual, floor = values
    print(
        f"{subject}: {pack:.3f} {unit} (goal: under {goal} {unit}), {pack / floor:.1f} times the floor of "
        f"{floor:.3f} {unit}; conventional {usual:.3f} {unit}, ratio {usual / pack:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
