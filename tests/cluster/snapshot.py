"""The machine, as far as the cluster could have left something on it."""

from __future__ import annotations

import json
from pathlib import Path

from pouw.cluster import machine, processes


def snapshot() -> dict[str, object]:
    """Equal before and after where nothing was left. Counters of packet rules are not part of it."""
    links = sorted(each["ifname"] for each in json.loads(machine.run("ip", "-json", "link", "show")))
    settings = {name: (machine.SYSCTL / name).read_text() for name in machine.SETTINGS}
    return {
        **{family: rules(family) for family in machine.FAMILIES},
        "links": links,
        "routes": machine.run("ip", "route", "show", "table", "all", "type", "unicast").splitlines(),
        "mounts": [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()],
        "namespaces": machine.run("ip", "netns", "list"),
        "settings": settings,
        "folders": [folder for folder in machine.FOLDERS if Path(folder).exists()],
        "run": sorted(each.name for each in Path("/run").iterdir()),
        "cgroups": [str(root / "pouw") for root in machine.cgroup_roots() if (root / "pouw").exists()],
        "processes": [each.pid for each in processes.scan()],
    }


def rules(family: str) -> list[str]:
    """Rules and chains that somebody made. Tables come into being at their first rule and stay, empty, for good."""
    lines = (line.partition(" [")[0] for line in machine.saved_rules(family).splitlines())
    return [line for line in lines if line.startswith("-") or (line.startswith(":") and line.endswith(" -"))]
