"""The cost of previews against bare Pulumi programs that register the same: ``python -m bench.preview [STACK...]``.

The floor of a stack is the same engine, called as a program, on a program made from the stack's own preview: the same
types with the same inputs by the same classes of the SDKs, the same components and providers. It reads no settings and
decides nothing; parents are registered first. Runs alternate, and medians are compared. Processor seconds are printed
too, because other work on the machine distorts them less.

The preview without and with the compliance gate has a goal each, against the same floor. No bare program has a gate.

Then all stacks and examples are previewed side by side, with the gate. Their floor is the best time of the cores: the
longest bare program, or all bare programs divided by the cores, whichever is longer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from bench.engine.preview import Cost, alternate, floor
from pouw.engine import operation, resolution
from pouw.engine.events import SECRET_MARK, STACK_TYPE, StepStarted
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.preview_copy import opened_for_preview
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.engine.unknown_values import MARKERS
from pouw.home import Home
from pouw.progress import LineProgress, SilentProgress
from pouw.run import previews
from pouw.run.previews import Target
from pouw.run.result import Result

GOAL = 1.25
GOAL_WITH_GATE = 1.35
"""Ratios to the floor, in seconds of wall time."""
GOAL_OF_ALL_S = 20.0
_PROVIDER = "pulumi:providers:"
_PROGRAM = f"""
    import json
    from importlib import import_module
    from pathlib import Path

    import pulumi

    resources, unknown = {{}}, None


    def with_unknowns(value):
        if isinstance(value, dict):
            if {SECRET_MARK!r} in value:
                return pulumi.Output.secret(unknown)
            return {{key: with_unknowns(entry) for key, entry in value.items()}}
        if isinstance(value, list):
            return [with_unknowns(entry) for entry in value]
        return unknown if value in {sorted(MARKERS)!r} else value


    def custom(entry, inputs, opts):
        if entry["module"] is None:
            return pulumi.CustomResource(entry["type"], entry["name"], inputs, opts)
        module, name = import_module(entry["module"]), entry["type"].rpartition(":")[2]
        class_ = getattr(module, f"{{name}}InitArgs", None) or getattr(module, f"{{name}}Args")
        getters = {{python: entry.fget for python, entry in vars(class_).items() if isinstance(entry, property)}}
        arguments = {{python: inputs.get(getter._pulumi_name) for python, getter in getters.items()}}
        if "resource_name" in arguments:  # the SDKs' word for the name in the program
            arguments["resource_name_"] = arguments.pop("resource_name")
        return getattr(module, name)(entry["name"], opts=opts, **arguments)


    for entry in json.loads(Path(__file__).with_name("resources.json").read_text()):
        urn = entry["urn"]
        parent, provider = resources.get(entry["parent"]), resources.get(entry["provider"])
        opts = pulumi.ResourceOptions(parent=parent, provider=provider)
        if entry["kind"] == "component":
            resources[urn] = pulumi.ComponentResource(entry["type"], entry["name"], None, opts)
            resources[urn].register_outputs({{}})
        elif entry["kind"] == "provider":
            inputs = with_unknowns(entry["inputs"])
            resources[urn] = pulumi.ProviderResource(entry["type"], entry["name"], inputs, opts)
        else:
            resources[urn] = custom(entry, with_unknowns(entry["inputs"]), opts)
            unknown = resources[urn].id if unknown is None else unknown
"""


def bare_project(outcome: Outcome, target: Target, folder: Path) -> Project:
    """Return a project whose program registers the same resources as a preview."""
    sdks: dict[str, Sdk] = {}
    resources = [_resource(step, sdks) for step in outcome.steps if _is_declared(step)]
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
    config = target.project.configuration(target.name)
    provider_config = {key: value for key, value in config.items() if not key.startswith("pouw:")}
    (folder / f"Pulumi.{target.name}.yaml").write_text(yaml.safe_dump({"config": provider_config}))
    (folder / "resources.json").write_text(json.dumps(resources))
    (folder / "__main__.py").write_text(dedent(_PROGRAM))
    return Project(root=folder)


def _is_declared(step: StepStarted) -> bool:
    """True if the program declared it; the engine creates default providers automatically."""
    token = step.subject.type
    return token != STACK_TYPE and not (token.startswith(_PROVIDER) and step.subject.name.startswith("default"))


def _resource(step: StepStarted, sdks: dict[str, Sdk]) -> Mapping[str, Any]:
    token, is_provider = step.subject.type, step.subject.type.startswith(_PROVIDER)
    kind = "provider" if is_provider else "custom" if step.provider else "component"
    return {
        "urn": step.subject.urn,
        "kind": kind,
        "type": token.removeprefix(_PROVIDER),
        "module": _module(step, sdks),
        "name": step.subject.name,
        "parent": step.parent,
        "provider": step.provider,
        "inputs": _inputs(step),
    }


def _inputs(step: StepStarted) -> Mapping[str, Any]:
    """Return the inputs that the program passed; the version of a provider is its SDK's."""
    ignored = "version" if step.subject.type.startswith(_PROVIDER) else ""
    return {key: value for key, value in (step.after or {}).items() if key != ignored and not key.startswith("__")}


def _module(step: StepStarted, sdks: dict[str, Sdk]) -> str | None:
    """Return the module that defines the class of this resource."""
    package = step.subject.type.partition(":")[0]
    if not step.provider or package == "pulumi":
        return None
    return sdks.setdefault(package, Sdk(f"pulumi_{package.replace('-', '_')}")).module(step.subject.type)


def _home() -> Home:
    return Home.from_environment(os.environ)


def _gated(target: Target, engine: Engine) -> Result:
    """Preview with the compliance gate, as `pouw preview` does."""
    result = previews.preview(target.name, SilentProgress(), home=_home(), project=target.project, engine=engine)
    if not result.ok:
        raise SystemExit("\n".join(f"{target.name}: {fault}" for fault in result.faults))
    return result


def _ungated(target: Target, engine: Engine) -> None:
    """Preview without the compliance gate."""
    settings = previews.checked_settings(target.name, target.project)
    request = previews.preview_request(target.name, settings, target.project, home=_home())
    outcome = operation.run(request, engine, SilentProgress(), project=target.project, home=_home())
    if not outcome.ok:
        raise SystemExit("\n".join(f"{target.name}: {fault}" for fault in outcome.faults))


def _require_the_same(gated: Outcome, target: Target, engine: Engine, project: Project) -> None:
    """Fail if the floor does not register the same resources."""
    request = Request(operation=Operation.PREVIEW, stack=target.name)
    outcome = operation.run(request, engine, SilentProgress(), project=project, home=_home())
    if _registered(outcome) != _registered(gated):
        message = "\n".join(map(str, outcome.faults)) or "it registers something else"
        raise SystemExit(f"the bare program of {target.name}: {message}")


def _registered(outcome: Outcome) -> list[str]:
    """Return the registered resources, with the known inputs of each."""
    return sorted(
        f"{step.subject.type} {step.subject.name} {json.dumps(_inputs(step), sort_keys=True)}"
        for step in outcome.steps
        if _is_declared(step)
    )


@contextmanager
def _floors(targets: Sequence[Target], engine: Engine) -> Iterator[Mapping[Target, Session]]:
    """Provide the bare program of each target, ready to be previewed."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pouw-bench-")))
        os.environ["POUW_HOME"] = str(scratch / "state")
        sessions: dict[Target, Session] = {}
        for number, target in enumerate(targets):
            gated = _gated(target, engine).outcome
            project = bare_project(gated, target, scratch / str(number))
            _require_the_same(gated, target, engine, project)
            sessions[target] = stack.enter_context(
                opened_for_preview(
                    target.name, engine, extra={}, project=project, progress=SilentProgress(), home=_home()
                )
            )
        yield sessions


def measure(targets: Sequence[Target], rounds: int) -> Mapping[str, Any]:
    """Return the cost of each target and its floor, and of all targets side by side."""
    engine = resolution.resolve(LineProgress(), home=_home())
    stacks: dict[str, Mapping[str, float]] = {}
    with _floors(targets, engine) as floors:
        for target in targets:
            kinds = {
                "bare": lambda target=target: floor(floors[target]),
                "ungated": lambda target=target: _ungated(target, engine),
                "gated": lambda target=target: _gated(target, engine),
            }
            stacks[target.name] = _figures(alternate(kinds, rounds))
        start = time.perf_counter()
        results = previews.run(targets, SilentProgress(), home=_home())
        seconds = time.perf_counter() - start
    if not all(result.ok for result in results):
        raise SystemExit("\n".join(f"{result.stack}: {fault}" for result in results for fault in result.faults))
    one_by_one = sum(figures["gated"] for figures in stacks.values())
    floors_s = [figures["bare"] for figures in stacks.values()]
    floor_s = max(*floors_s, sum(floors_s) / _cores())
    return {
        "stacks": stacks,
        "all": {"seconds": seconds, "one_by_one": one_by_one, "floor": floor_s, "ratio": seconds / floor_s},
        "cores": _cores(),
        "load": os.getloadavg()[0],
    }


def _figures(costs: Mapping[str, Cost]) -> Mapping[str, float]:
    floor_cost, ungated, gated = (costs[name] for name in ("bare", "ungated", "gated"))
    return {
        **{name: cost.seconds for name, cost in costs.items()},
        **{f"{name}_processor": cost.processor_s for name, cost in costs.items()},
        "ratio": ungated.seconds / floor_cost.seconds,
        "ratio_with_gate": gated.seconds / floor_cost.seconds,
        "ratio_processor": ungated.processor_s / floor_cost.processor_s,
        "ratio_with_gate_processor": gated.processor_s / floor_cost.processor_s,
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def main() -> int:
    """Measure, print, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stack", nargs="*", help="Measure these stacks and examples. Default: all of them.")
    parser.add_argument("--rounds", type=int, default=3, help="Repeat each measurement this often. Default: 3.")
    parser.add_argument("--json", action="store_true", help="Print JSON. Default: a table.")
    arguments = parser.parse_args()
    targets = previews.targets(arguments.stack) if arguments.stack else previews.all_targets()
    result = measure(targets, arguments.rounds)
    if arguments.json:
        goals = {"goal": GOAL, "goal_with_gate": GOAL_WITH_GATE, "goal_of_all": GOAL_OF_ALL_S}
        print(json.dumps({**result, **goals}))
    else:
        _print(result)
    missed = any(
        figures["ratio"] > GOAL or figures["ratio_with_gate"] > GOAL_WITH_GATE for figures in result["stacks"].values()
    )
    return int(missed or result["all"]["seconds"] > GOAL_OF_ALL_S)


def _print(result: Mapping[str, Any]) -> None:
    for name, figures in result["stacks"].items():
        for label, suffix in ((name, ""), ("   processor", "_processor")):
            print(
                f"{label:<16}floor {figures[f'bare{suffix}']:6.2f} s"
                f"   without the gate {figures[f'ungated{suffix}']:6.2f} s {figures[f'ratio{suffix}']:5.2f} x"
                f"   with the gate {figures[f'gated{suffix}']:6.2f} s {figures[f'ratio_with_gate{suffix}']:5.2f} x"
            )
    print(
        f"goals           {GOAL:.2f} x without the gate, {GOAL_WITH_GATE:.2f} x with the gate; the docs quote seconds"
    )
    together = result["all"]
    print(
        f"side by side    {together['seconds']:7.2f} s, goal {GOAL_OF_ALL_S:.0f} s;"
        f" one by one {together['one_by_one']:.2f} s"
    )
    print(f"floor           {together['floor']:7.2f} s, {together['ratio']:.2f} x; {result['cores']} cores")
    print(f"load of the machine: {result['load']:.1f}")


if __name__ == "__main__":
    sys.exit(main())
