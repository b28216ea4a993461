"""What previews cost against bare Pulumi programs that register the same: ``python -m bench.preview [STACK...]``.

The floor of a stack is the same engine, called as a program, on a program made from the stack's own preview: the same
types with the same inputs by the same classes of the SDKs, the same components and providers. It reads no settings,
decides nothing, and knows no order but that parents come first. Runs alternate, and medians are compared.
Processor seconds are told beside them: what else runs on the machine bends those less.

The goal is for the preview alone; what the compliance gate adds is shown beside it.

Then all stacks and examples side by side, with the gate, against one after the other and against what the cores could
do at best.
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
from pouw.home import Home
from pouw.progress import LineProgress, SilentProgress
from pouw.run import bring_up, previews
from pouw.run.previews import Target

GOAL = 1.25
GOAL_OF_ALL_S = 20.0
_PROVIDER = "pulumi:providers:"
_UNKNOWN = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
)
"""What the engine writes for a value that it does not know yet, one for each type."""
_BARE = f"""
    import json
    from importlib import import_module
    from pathlib import Path

    import pulumi

    made, unknown = {{}}, None


    def told(value):
        if isinstance(value, dict):
            if {SECRET_MARK!r} in value:
                return pulumi.Output.secret(unknown)
            return {{key: told(one) for key, one in value.items()}}
        if isinstance(value, list):
            return [told(one) for one in value]
        return unknown if value in {_UNKNOWN!r} else value


    def custom(one, inputs, opts):
        if one["module"] is None:
            return pulumi.CustomResource(one["type"], one["name"], inputs, opts)
        module, name = import_module(one["module"]), one["type"].rpartition(":")[2]
        arguments = getattr(module, f"{{name}}InitArgs", None) or getattr(module, f"{{name}}Args")
        getters = {{python: one.fget for python, one in vars(arguments).items() if isinstance(one, property)}}
        given = {{python: inputs.get(getter._pulumi_name) for python, getter in getters.items()}}
        if "resource_name" in given:  # the SDKs' word for the name in the program
            given["resource_name_"] = given.pop("resource_name")
        return getattr(module, name)(one["name"], opts=opts, **given)


    for one in json.loads(Path(__file__).with_name("resources.json").read_text()):
        opts = pulumi.ResourceOptions(parent=made.get(one["parent"]), provider=made.get(one["provider"]))
        if one["kind"] == "component":
            made[one["urn"]] = pulumi.ComponentResource(one["type"], one["name"], None, opts)
            made[one["urn"]].register_outputs({{}})
        elif one["kind"] == "provider":
            made[one["urn"]] = pulumi.ProviderResource(one["type"], one["name"], told(one["inputs"]), opts)
        else:
            made[one["urn"]] = custom(one, told(one["inputs"]), opts)
            unknown = made[one["urn"]].id if unknown is None else unknown
"""


def bare(outcome: Outcome, target: Target, folder: Path) -> Project:
    """A project whose program registers what the preview did."""
    sdks: dict[str, Sdk] = {}
    resources = [_resource(step, sdks) for step in outcome.steps if _is_declared(step)]
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
    own = target.project.stack_settings(target.name).get("config") or {}
    plain = {key: value for key, value in own.items() if not key.startswith("pouw:")}
    (folder / f"Pulumi.{target.name}.yaml").write_text(yaml.safe_dump({"config": plain}))
    (folder / "resources.json").write_text(json.dumps(resources))
    (folder / "__main__.py").write_text(dedent(_BARE))
    return Project(root=folder)


def _is_declared(step: StepStarted) -> bool:
    """Whether the program declared it; the engine makes default providers by itself."""
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
    """What the program gave; the version of a provider is its SDK's."""
    own = "version" if step.subject.type.startswith(_PROVIDER) else ""
    return {key: value for key, value in (step.after or {}).items() if key != own and not key.startswith("__")}


def _module(step: StepStarted, sdks: dict[str, Sdk]) -> str | None:
    """The module that defines the class of this resource."""
    package = step.subject.type.partition(":")[0]
    if not step.provider or package == "pulumi":
        return None
    return sdks.setdefault(package, Sdk(f"pulumi_{package.replace('-', '_')}")).module(step.subject.type)


def _ours(target: Target, engine: Engine) -> Outcome:
    outcome = bring_up.preview(target.name, SilentProgress(), project=target.project, engine=engine)
    if not outcome.ok:
        raise SystemExit("\n".join(f"{target.name}: {fault}" for fault in outcome.faults))
    return outcome


def _ungated(target: Target, engine: Engine) -> None:
    """The same without the compliance gate, which no bare program has."""
    settings = bring_up.ready_to_preview(target.name, target.project)
    request = bring_up.preview_request(target.name, settings, target.project)
    outcome = operation.run(
        request, engine, SilentProgress(), project=target.project, home=Home.from_environment(os.environ)
    )
    if not outcome.ok:
        raise SystemExit("\n".join(f"{target.name}: {fault}" for fault in outcome.faults))


def _require_the_same(ours: Outcome, target: Target, engine: Engine, project: Project) -> None:
    """A floor that registers something else is none."""
    request = Request(operation=Operation.PREVIEW, stack=target.name)
    found = operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))
    if _registered(found) != _registered(ours):
        told = "\n".join(map(str, found.faults)) or "it registers something else"
        raise SystemExit(f"the bare program of {target.name}: {told}")


def _registered(outcome: Outcome) -> list[str]:
    """What was registered, with all that is known of its inputs."""
    return sorted(
        f"{step.subject.type} {step.subject.name} {json.dumps(_inputs(step), sort_keys=True)}"
        for step in outcome.steps
        if _is_declared(step)
    )


@contextmanager
def _floors(targets: Sequence[Target], engine: Engine) -> Iterator[Mapping[Target, Session]]:
    """For each target its bare program, ready to be previewed."""
    with ExitStack() as held:
        scratch = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="pouw-bench-")))
        os.environ["POUW_HOME"] = str(scratch / "state")
        ready: dict[Target, Session] = {}
        for number, target in enumerate(targets):
            ours = _ours(target, engine)
            project = bare(ours, target, scratch / str(number))
            _require_the_same(ours, target, engine, project)
            ready[target] = held.enter_context(
                opened_for_preview(
                    target.name,
                    engine,
                    extra={},
                    project=project,
                    progress=SilentProgress(),
                    home=Home.from_environment(os.environ),
                )
            )
        yield ready


def measure(targets: Sequence[Target], rounds: int) -> Mapping[str, Any]:
    """What each target and its floor take, and all side by side."""
    engine = resolution.resolve(LineProgress(), home=Home.from_environment(os.environ))
    found: dict[str, Mapping[str, float]] = {}
    with _floors(targets, engine) as floors:
        for target in targets:
            kinds = {
                "bare": lambda target=target: floor(floors[target]),
                "ungated": lambda target=target: _ungated(target, engine),
                "ours": lambda target=target: _ours(target, engine),
            }
            found[target.name] = _told(alternate(kinds, rounds))
        started = time.perf_counter()
        outcomes = previews.run(targets, SilentProgress())
        took = time.perf_counter() - started
    if not all(one.ok for one in outcomes):
        raise SystemExit("\n".join(f"{one.stack}: {fault}" for one in outcomes for fault in one.faults))
    one_by_one = sum(one["ours"] for one in found.values())
    floors_s = [one["bare"] for one in found.values()]
    at_best = max(*floors_s, sum(floors_s) / _cores())
    return {
        "stacks": found,
        "all": {"seconds": took, "one_by_one": one_by_one, "floor": at_best, "ratio": took / at_best},
        "cores": _cores(),
        "load": os.getloadavg()[0],
    }


def _told(costs: Mapping[str, Cost]) -> Mapping[str, float]:
    bare, ungated, ours = (costs[name] for name in ("bare", "ungated", "ours"))
    return {
        **{name: cost.seconds for name, cost in costs.items()},
        **{f"{name}_processor": cost.processor_s for name, cost in costs.items()},
        "ratio": ungated.seconds / bare.seconds,
        "gated": ours.seconds / bare.seconds,
        "ratio_processor": ungated.processor_s / bare.processor_s,
        "gated_processor": ours.processor_s / bare.processor_s,
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def main() -> int:
    """Measure, print, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stack", nargs="*", help="stacks and examples; all of them unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result = measure(previews.named(asked.stack) if asked.stack else previews.every(), asked.rounds)
    if asked.json:
        print(json.dumps({**result, "goal": GOAL, "goal_of_all": GOAL_OF_ALL_S}))
    else:
        for name, one in result["stacks"].items():
            print(
                f"{name:<16}{one['ungated']:7.2f} s   bare {one['bare']:6.2f} s   {one['ratio']:.2f} x"
                f"   with the gate {one['ours']:6.2f} s   {one['gated']:.2f} x"
            )
            print(
                f"   processor    {one['ungated_processor']:7.2f} s        {one['bare_processor']:6.2f} s"
                f"   {one['ratio_processor']:.2f} x"
                f"                 {one['ours_processor']:6.2f} s   {one['gated_processor']:.2f} x"
            )
        whole = result["all"]
        print(f"side by side    {whole['seconds']:7.2f} s   one by one {whole['one_by_one']:.2f} s")
        print(f"at best         {whole['floor']:7.2f} s   {whole['ratio']:.2f} x; {result['cores']} cores")
        print(f"load of the machine: {result['load']:.1f}")
    missed = any(one["ratio"] > GOAL for one in result["stacks"].values())
    return int(missed or result["all"]["seconds"] > GOAL_OF_ALL_S)


if __name__ == "__main__":
    sys.exit(main())
