"""What a preview costs as a network grows to 10, 100, 1,000 nodes a site: ``python -m bench.growth [STACK...]``.

The floor is the same stack with ten. Resources must be as many, and the time the same but for the longer balancer
configuration: what is declared grows with sites, never with nodes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bench.engine.preview import alternate
from pouw.engine import resolution
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.home import Home
from pouw.progress import LineProgress, SilentProgress
from pouw.run import previews, stacks

GOAL = 1.25
SIZES = (10, 100, 1000)


def grown(stack: str, sizes: Sequence[int], folder: Path) -> Project:
    """A project of the same stack with so many nodes, one file a size."""
    own = stacks.project_of(stack).stack_settings(stack)
    for size in sizes:
        config = dict(own["config"])
        config["pouw:nodes"] = {**config.get("pouw:nodes", {}), "miners": size // 2, "verifiers": size - size // 2}
        # A thousand volumes cost more than the stack's own budget allows.
        config["pouw:sites"] = [
            {**site, **({"budget": {**site["budget"], "monthly": 1_000_000}} if "budget" in site else {})}
            for site in config["pouw:sites"]
        ]
        config["pouw:balancer"] = {**config.get("pouw:balancer", {}), "maxNodes": size}
        (folder / f"Pulumi.{stack}-{size}.yaml").write_text(yaml.safe_dump({"config": config}))
    return Project(examples=folder)


def measure(stack: str, sizes: Sequence[int], rounds: int, engine: Engine) -> Mapping[str, Any]:
    """Resources and median seconds by number of nodes."""
    resources: dict[str, int] = {}

    def preview(name: str, project: Project) -> None:
        home = Home.from_environment(os.environ)
        result = previews.preview(name, SilentProgress(), home=home, project=project, engine=engine)
        if not result.ok:
            raise SystemExit("\n".join(f"{name}: {fault}" for fault in result.faults))
        resources[name.rpartition("-")[2]] = result.outcome.changes.create

    with tempfile.TemporaryDirectory(prefix="pouw-bench-") as scratch:
        os.environ["POUW_HOME"] = str(Path(scratch) / "state")
        project = grown(stack, sizes, Path(scratch))
        costs = alternate({str(size): partial(preview, f"{stack}-{size}", project) for size in sizes}, rounds)
    seconds = {size: cost.seconds for size, cost in costs.items()}
    floor = seconds[str(min(sizes))]
    return {
        "resources": resources,
        "seconds": seconds,
        "ratios": {size: taken / floor for size, taken in seconds.items()},
    }


def main() -> int:
    """Measure, print, and fail if resources or time grow with the nodes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stack", nargs="*", default=["on-premises", "staging"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    engine = resolution.resolve(LineProgress(), home=Home.from_environment(os.environ))
    found = {stack: measure(stack, SIZES, asked.rounds, engine) for stack in asked.stack}
    if asked.json:
        print(json.dumps({"stacks": found, "goal": GOAL, "load": os.getloadavg()[0]}))
    else:
        for stack, one in found.items():
            for size, seconds in one["seconds"].items():
                print(
                    f"{stack:<16}{size:>6} nodes {one['resources'][size]:>6} resources {seconds:7.2f} s"
                    f"   {one['ratios'][size]:.2f} x"
                )
        print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    grew = any(len(set(one["resources"].values())) > 1 or max(one["ratios"].values()) > GOAL for one in found.values())
    return int(grew)


if __name__ == "__main__":
    sys.exit(main())
