"""The state of the machine, as far as a cluster changes it."""

from __future__ import annotations

import json
from pathlib import Path

from pouw.cluster import machine, processes


def snapshot() -> dict[str, object]:
    """Return a state that is equal before and after if nothing was left. Counters of packet rules are not part."""
    links = sorted(link["ifname"] for link in json.loads(machine.run("ip", "-json", "link", "show")))
    settings = {name: (machine.SYSCTL / name).read_text() for name in machine.SETTINGS}
    return {
        **{family: rules(family) for family in machine.FAMILIES},
        "links": links,
        "routes": machine.run("ip", "route", "show", "table", "all", "type", "unicast").splitlines(),
        "mounts": [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()],
        "namespaces": machine.run("ip", "netns", "list"),
        "settings": settings,
        "folders": [folder for folder in machine.FOLDERS if Path(folder).exists()],
        "run": sorted(path.name for path in Path("/run").iterdir()),
        "cgroups": [str(path) for root in machine.cgroup_roots() for path in root.glob("pouw*")],
        "processes": [process.pid for process in processes.scan()],
    }


def rules(family: str) -> list[str]:
    """Return created rules and chains. An empty table stays after its first rule."""
    lines = (line.partition(" [")[0] for line in machine.saved_rules(family).splitlines())
    return [line for line in lines if line.startswith("-") or (line.startswith(":") and line.endswith(" -"))]
