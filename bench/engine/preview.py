"""What a preview costs against a bare Pulumi program of as many components: ``python -m bench.engine.preview``.

The floor is the same engine, called as a program, on the shortest program that makes N components. Measured against it:

- the run: our operation (lock, recovery check, composed configuration, event stream) on the same program;
- the components: our operation on a program of our own ``Component``;
- a refused preview: our operation on a program that fails at once.

Runs alternate, and the median of each is compared, so that a busy machine bends all of them alike. Processor seconds
are told beside them, those of this process and of all that it started: what else runs on the machine bends those less.
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
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import dedent

from pouw.engine import operation, resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.preview_copy import opened_for_preview
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.home import Home
from pouw.progress import LineProgress, SilentProgress

GOAL = 1.25
BARE = """
    import pulumi


    class Part(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("bench:x:Part", name)
            self.register_outputs({})


    for number in range(pulumi.Config().require_int("parts")):
        Part(f"part{number}")
"""
_OURS = """
    import pulumi
    from infra.component import Component


    class Part(Component, token="bench:x:Part"):
        def __init__(self, name):
            super().__init__(name)
            self.publish()


    for number in range(pulumi.Config().require_int("parts")):
        Part(f"part{number}")
"""
_REFUSED = "raise ValueError('refused')\n"


def make_project(root: Path, name: str, program: str, parts: int) -> Project:
    """A project that makes so many components."""
    folder = root / name
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (folder / "Pulumi.local.yaml").write_text(f"config: {{'{name}:parts': {parts}}}\n")
    (folder / "__main__.py").write_text(dedent(program))
    return Project(root=folder)


def _ours(engine: Engine, project: Project, *, expected: bool = True) -> Outcome:
    outcome = operation.run(
        Request(operation=Operation.PREVIEW, stack="local"),
        engine,
        SilentProgress(),
        project=project,
        home=Home.from_environment(os.environ),
    )
    if outcome.ok is not expected:
        raise SystemExit("\n".join(str(fault) for fault in outcome.faults) or "a preview that should fail did not")
    return outcome


def floor(session: Session) -> None:
    """The engine, called as a program on what a preview of ours would give it."""
    call = session.invocation("preview", "--config-file", str(session.config.path))
    done = subprocess.run(
        [str(call.program), *call.arguments],
        cwd=call.directory,
        env=dict(call.environment),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"the bare program fails:\n{done.stdout[-2000:]}")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run takes."""

    seconds: float
    processor_s: float


def alternate(kinds: Mapping[str, Callable[[], object]], rounds: int) -> Mapping[str, Cost]:
    """Medians of each kind, taken in turns; a round before the first fills caches."""
    taken: dict[str, list[Cost]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, run in kinds.items():
            started, before = time.perf_counter(), _processor_s()
            run()
            if number:
                cost = Cost(seconds=time.perf_counter() - started, processor_s=_processor_s() - before)
                taken[name].append(cost)
    return {
        name: Cost(
            seconds=statistics.median(one.seconds for one in costs),
            processor_s=statistics.median(one.processor_s for one in costs),
        )
        for name, costs in taken.items()
    }


def _processor_s() -> float:
    uses = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def measure(parts: int, rounds: int) -> Mapping[str, Cost]:
    """What each kind of preview takes."""
    engine = resolution.resolve(LineProgress(), home=Home.from_environment(os.environ))
    with tempfile.TemporaryDirectory(prefix="pouw-bench-") as scratch:
        root = Path(scratch)
        os.environ["POUW_HOME"] = str(root / "state")
        bare = make_project(root, "bare", BARE, parts)
        ours = make_project(root, "ours", _OURS, parts)
        refused = make_project(root, "refused", _REFUSED, parts)
        with opened_for_preview(
            "local", engine, extra={}, project=bare, progress=SilentProgress(), home=Home.from_environment(os.environ)
        ) as session:
            kinds: Mapping[str, Callable[[], object]] = {
                "floor": lambda: floor(session),
                "run": lambda: _ours(engine, bare),
                "components": lambda: _ours(engine, ours),
                "refused": lambda: _ours(engine, refused, expected=False),
            }
            return alternate(kinds, rounds)


def main() -> int:
    """Measure, print, and fail if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    costs = measure(asked.parts, asked.rounds)
    ratios = {name: cost.seconds / costs["floor"].seconds for name, cost in costs.items()}
    if asked.json:
        told = {name: asdict(cost) for name, cost in costs.items()}
        print(json.dumps({"parts": asked.parts, "costs": told, "ratios": ratios, "goal": GOAL}))
    else:
        for name, cost in costs.items():
            ours, bare = cost.processor_s, costs["floor"].processor_s
            print(
                f"{name:<12}{cost.seconds:7.3f} s   {ratios[name]:.2f} x the floor"
                f"   processor {ours:6.3f} s   {ours / bare:.2f} x"
            )
    return 0 if max(ratios["run"], ratios["components"]) <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
