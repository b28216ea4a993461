"""Cost of a preview as a network grows to 10, 100, 1,000 nodes per site: ``python -m bench.growth [STACK...]``.

The floor is the same stack with ten nodes. The number of resources must stay the same, and the time almost: only the
balancer's configuration is longer. Resources grow with sites, never with nodes.
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
    """Return a project with one file per size: the same stack with that many nodes."""
    settings = stacks.project_of(stack).stack_settings(stack)
    for size in sizes:
        config = dict(settings["config"])
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
    """Return resources and median seconds by number of nodes."""
    resources: dict[str, int] = {}

    def preview(name: str, project: Project) -> None:
        result = previews.preview(name, SilentProgress(), home=home, project=project, engine=engine)
        if not result.ok:
            raise SystemExit("\n".join(f"{name}: {fault}" for fault in result.faults))
        resources[name.rpartition("-")[2]] = result.outcome.changes.create

    with tempfile.TemporaryDirectory(prefix="pouw-bench-") as scratch:
        home = Home.from_environment({**os.environ, "POUW_HOME": str(Path(scratch) / "state")})
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
    arguments = parser.parse_args()
    engine = resolution.resolve(LineProgress(), home=Home.from_environment(os.environ))
    results = {stack: measure(stack, SIZES, arguments.rounds, engine) for stack in arguments.stack}
    if arguments.json:
        print(json.dumps({"stacks": results, "goal": GOAL, "load": os.getloadavg()[0]}))
    else:
        for stack, result in results.items():
            for size, seconds in result["seconds"].items():
                print(
                    f"{stack:<16}{size:>6} nodes {result['resources'][size]:>6} resources {seconds:7.2f} s"
                    f"   {result['ratios'][size]:.2f} x"
                )
        print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    grew = any(
        len(set(result["resources"].values())) > 1 or max(result["ratios"].values()) > GOAL
        for result in results.values()
    )
    return int(grew)


if __name__ == "__main__":
    sys.exit(main())
