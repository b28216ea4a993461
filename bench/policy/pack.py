"""What the pack costs a resource and a stack, beside the same rules registered the conventional way, in one process.

    python -m bench.policy.pack [RESOURCES]

Conventional: one policy object a rule, as packs are commonly written. Both sides are the SDK's own service and see the
same requests, so the conversion of properties is in both figures. The conventional side sees a tenth of the resources,
and its figures are scaled. Goals: under 1 ms a resource, under 2 s a stack.
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
    """The pack as the gate runs it: with a record, and what repeats advice switched off."""
    service = Service("pouw", "0.0.1", policies(Dispatcher(Record(record))), EnforcementLevel.ADVISORY)
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name in (RESOURCE_ADVICE, STACK_ADVICE):
        request.policyConfig[name].enforcementLevel = analyzer_pb2.DISABLED
    service.Configure(request, None)
    return service


def conventional(rules: Sequence[AnyRule]) -> Service:
    """One policy object a rule."""
    return Service("pouw", "0.0.1", [_policy(rule) for rule in rules], EnforcementLevel.MANDATORY)


def _policy(rule: AnyRule) -> ResourceValidationPolicy | StackValidationPolicy:
    def resource(args: Any, report: Any) -> None:
        if isinstance(rule, Rule) and args.resource_type in rule.types:
            for found in evaluate(rule, partial(rule.check, args.props)).violations:
                report(found.message)

    def stack(args: Any, report: Any) -> None:
        seen = Stack([*map(as_resource, args.resources)])
        for one in seen.of_type(*rule.types):
            if isinstance(rule, StackRule):
                for found in evaluate(rule, partial(rule.check, one, seen)).violations:
                    report(found.message, one.urn)

    if isinstance(rule, Rule):
        return ResourceValidationPolicy(rule.id, rule.why, resource)
    return StackValidationPolicy(rule.id, rule.why, stack)


def requests(count: int) -> list[Any]:
    """That many resources of the kinds that rules are about, each with a name of its own."""
    fixtures = [(given.type, given.props) for case in CASES for given in case.stack()]
    found = []
    for number in range(count):
        token, props = fixtures[number % len(fixtures)]
        struct = json_format.ParseDict(copy.deepcopy(dict(props)), struct_pb2.Struct())
        urn = f"urn:pulumi:bench::pouw::{token}::r{number}"
        found.append(analyzer_pb2.AnalyzeRequest(urn=urn, type=token, name=f"r{number}", properties=struct))
    return found


def per_resource_ms(service: Service, given: Sequence[Any]) -> float:
    """Mean milliseconds of one resource."""
    return _seconds(lambda: [service.Analyze(one, None) for one in given]) / len(given) * 1000


def stack_s(service: Service, given: Sequence[Any]) -> float:
    """Seconds of one stack of them all."""
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(urn=one.urn, type=one.type, name=one.name, properties=one.properties)
            for one in given
        ]
    )
    return _seconds(lambda: service.AnalyzeStack(request, None))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main(count: int) -> int:
    """Measure and print; 1 if a goal is missed."""
    rules = list(catalogue.every_rule().values())
    given = requests(count)
    with tempfile.TemporaryDirectory() as folder:
        ours, usual = dispatching(Path(folder, "record.jsonl")), conventional(rules)
        per_resource_ms(ours, given[:50])  # the first of each type loads its subject
        resource = per_resource_ms(ours, given), per_resource_ms(usual, given[: max(50, count // 10)])
        stack = stack_s(ours, given), stack_s(usual, given[: count // 10]) * 10
    single = sum(isinstance(rule, Rule) for rule in rules)
    print(f"{len(rules)} rules ({single} about one resource, {len(rules) - single} about a stack), {count} resources")
    print(f"one resource: {resource[0]:.3f} ms dispatched, {resource[1]:.3f} ms conventional, "
          f"ratio {resource[1] / resource[0]:.1f} (goal: under {RESOURCE_GOAL_MS} ms)")  # fmt: skip
    print(f"stack rules:  {stack[0]:.3f} s dispatched, {stack[1]:.3f} s conventional, "
          f"ratio {stack[1] / stack[0]:.1f} (goal: under {STACK_GOAL_S} s)")  # fmt: skip
    return int(resource[0] >= RESOURCE_GOAL_MS or stack[0] >= STACK_GOAL_S)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
