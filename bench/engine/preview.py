"""Cost of a preview against a bare Pulumi program of as many components: ``python -m bench.engine.preview``.

The floor is the same engine, called as a program, on the shortest program that creates N components. Compared with it:

- run: a preview by pouw (recovery check, composed configuration, event stream) of the same program;
- components: a preview of a program with the repository's ``Component``;
- unpatched: the same preview with the Pulumi SDK as it is installed (``POUW_SDK_PATCHES=off``);
- stock: the same preview with the language host of an official engine, where this machine has or can download one;
- refused: a preview of a program that fails at once.

Runs alternate, and the medians are compared, so that a busy machine affects all of them. Processor seconds, of this
process and of all that it starts, are printed beside them: other programs on the machine affect them less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from textwrap import dedent

from pouw.engine import operation, resolution
from pouw.engine.language.execution import SDK_PATCHES_VARIABLE
from pouw.engine.operation import Operation, Request
from pouw.engine.preview_copy import opened_for_preview
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.home import Home
from pouw.progress import LineProgress, SilentProgress

GOAL = 1.25
BARE_PROGRAM = """
    import pulumi


    class Part(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("bench:x:Part", name)
            self.register_outputs({})


    for number in range(pulumi.Config().require_int("parts")):
        Part(f"part{number}")
"""
_COMPONENTS = """
    import pulumi
    from infra.component import Component


    class Part(Component, token="bench:x:Part"):
        def __init__(self, name):
            super().__init__(name)
            self.publish()


    for number in range(pulumi.Config().require_int("parts")):
        Part(f"part{number}")
"""
_BROKEN_PROGRAM = "raise ValueError('refused')\n"


def make_project(root: Path, name: str, program: str, parts: int) -> Project:
    """Create a project whose program creates a number of components."""
    folder = root / name
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (folder / "Pulumi.local.yaml").write_text(f"config: {{'{name}:parts': {parts}}}\n")
    (folder / "__main__.py").write_text(dedent(program))
    return Project(root=folder)


@dataclass(frozen=True, kw_only=True)
class Previewer:
    """Previews with one engine and one home."""

    engine: Engine
    home: Home

    def __call__(
        self, project: Project, *, expected: bool = True, environment: Mapping[str, str] | None = None
    ) -> None:
        """Preview a project, and stop the measurement if the result is not the expected one."""
        request = Request(operation=Operation.PREVIEW, stack="local", environment=environment or {})
        outcome = operation.run(request, self.engine, SilentProgress(), home=self.home, project=project)
        if outcome.ok is not expected:
            raise SystemExit("\n".join(map(str, outcome.faults)) or "the preview of a broken program succeeded")


def floor(session: Session) -> None:
    """Call the engine as a program, on the input that a preview by pouw gives it."""
    call = session.invocation("preview", "--config-file", str(session.config.path))
    process = subprocess.run(
        [str(call.program), *call.arguments],
        cwd=call.directory,
        env=dict(call.environment),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if process.returncode != 0:
        raise SystemExit(f"the bare program fails:\n{process.stdout[-2000:]}")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The time of a run."""

    seconds: float
    processor_s: float


def alternate(kinds: Mapping[str, Callable[[], object]], rounds: int) -> Mapping[str, Cost]:
    """Run each kind in turns and return the medians. The first round is not counted, because it fills caches."""
    samples: dict[str, list[Cost]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, run in kinds.items():
            start, processor_started = time.perf_counter(), _processor_s()
            run()
            if number:
                seconds, processor_s = time.perf_counter() - start, _processor_s() - processor_started
                samples[name].append(Cost(seconds=seconds, processor_s=processor_s))
    return {
        name: Cost(
            seconds=statistics.median(cost.seconds for cost in costs),
            processor_s=statistics.median(cost.processor_s for cost in costs),
        )
        for name, costs in samples.items()
    }


def _processor_s() -> float:
    usages = (resource.getrusage(scope) for scope in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def engines(home: Home) -> tuple[Engine, Engine | None]:
    """Return the embedded engine, and one with the official language host where there is one."""
    engine = resolution.resolve(LineProgress(), home=home)
    if engine.kind == "built":
        return engine, None
    return resolution.build(LineProgress(), home=home), engine


@contextmanager
def previews(parts: int, home: Home) -> Iterator[Mapping[str, Callable[[], object]]]:
    """Yield one function per kind of preview."""
    embedded, official = engines(home)
    with tempfile.TemporaryDirectory(prefix="pouw-bench-") as scratch:
        root = Path(scratch)
        home = replace(home, state=root / "state")
        bare_project = make_project(root, "bare", BARE_PROGRAM, parts)
        components = make_project(root, "components", _COMPONENTS, parts)
        broken_project = make_project(root, "refused", _BROKEN_PROGRAM, parts)
        preview = Previewer(engine=embedded, home=home)
        kinds: dict[str, Callable[[], object]] = {
            "run": lambda: preview(bare_project),
            "components": lambda: preview(components),
            "unpatched": lambda: preview(components, environment={SDK_PATCHES_VARIABLE: "off"}),
            "refused": lambda: preview(broken_project, expected=False),
        }
        if official is not None:
            stock = Previewer(engine=official, home=home)
            kinds["stock"] = lambda: stock(components)
        with opened_for_preview(
            "local", embedded, extra={}, project=bare_project, progress=SilentProgress(), home=home
        ) as session:
            yield {"floor": lambda: floor(session), **kinds}


def main() -> int:
    """Measure, print, and fail if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with previews(arguments.parts, Home.from_environment(os.environ)) as kinds:
        costs = alternate(kinds, arguments.rounds)
    ratios = {name: cost.seconds / costs["floor"].seconds for name, cost in costs.items()}
    if arguments.json:
        content = {name: asdict(cost) for name, cost in costs.items()}
        print(json.dumps({"parts": arguments.parts, "costs": content, "ratios": ratios, "goal": GOAL}))
    else:
        _print(costs, ratios)
    return 0 if max(ratios["run"], ratios["components"]) <= GOAL else 1


def _print(costs: Mapping[str, Cost], ratios: Mapping[str, float]) -> None:
    for name, cost in costs.items():
        processor_ratio = cost.processor_s / costs["floor"].processor_s
        print(
            f"{name:<12}{cost.seconds:7.3f} s   {ratios[name]:.2f} x the floor"
            f"   processor {cost.processor_s:6.3f} s   {processor_ratio:.2f} x"
        )
    if "stock" not in costs:
        print("stock       skipped: no official engine is installed, and none can be downloaded")


if __name__ == "__main__":
    sys.exit(main())
