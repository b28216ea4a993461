"""The changes that ``down`` has to make, decided from the state of the machine. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

KUBERNETES_CHAINS = ("KUBE-", "CNI-")
"""Prefixes of the chains that kube-proxy, the kubelet and the network plugins create."""


def rules_to_drop(saved: str, *, chain_prefix: str, before: Collection[str]) -> str:
    """Return input for ``iptables-restore --noflush`` that removes the cluster's chains and every jump to them.

    ``saved`` is the output of ``iptables-save``. ``before`` names the chains (``table/NAME``) that existed before the
    cluster and stay. The result is empty if the cluster has no chains.
    """
    prefixes = (*KUBERNETES_CHAINS, chain_prefix)
    lines: list[str] = []
    for table, chains, rules in _tables(saved):
        removed = [name for name in chains if name.startswith(prefixes) and f"{table}/{name}" not in before]
        if not removed:
            continue
        jumps = [rule for rule in rules if _chain(rule) not in removed and _target(rule) in removed]
        lines += [f"*{table}"]
        lines += [f":{name} - [0:0]" for name in removed]
        lines += [f"-D{rule.removeprefix('-A')}" for rule in jumps]
        lines += [f"-X {name}" for name in removed]
        lines += ["COMMIT"]
    return "".join(f"{line}\n" for line in lines)


def _tables(saved: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each table's name, user chains and rules."""
    table, chains, rules = "", list[str](), list[str]()
    for line in saved.splitlines():
        if line.startswith("*"):
            table, chains, rules = line[1:], [], []
        elif line.startswith(":") and line.split()[1] == "-":
            chains.append(line[1:].split()[0])
        elif line.startswith("-A"):
            rules.append(line)
        elif line == "COMMIT":
            yield table, chains, rules


def _chain(rule: str) -> str:
    return rule.split()[1]


def _target(rule: str) -> str:
    words = rule.split()
    for option in ("-j", "-g"):
        if option in words:
            return words[words.index(option) + 1]
    return ""


def settings_to_restore(
    before: Mapping[str, str], now: Mapping[str, str], during: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Return the kernel settings to write back: those that hold a value that the cluster gives.

    A setting that has another value was changed by the user since, and stays.
    """
    return {
        name: value
        for name, value in before.items()
        if name in now and now[name] != value and now[name] in during.get(name, ())
    }


def mounts_to_undo(mounts: Sequence[str], roots: Sequence[PurePath]) -> list[str]:
    """Return mount points below ``roots``, the last mounted first. ``mounts`` is as in ``/proc/self/mounts``."""
    points = [_unescape(line.split()[1]) for line in mounts if line.strip()]
    return [point for point in reversed(points) if any(PurePath(point).is_relative_to(root) for root in roots)]


def _unescape(text: str) -> str:
    """Decode space, tab, newline and backslash, which the kernel writes as octal numbers."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


@dataclass(frozen=True, kw_only=True)
class Link:
    """A network interface and the bridge it belongs to, if any."""

    name: str
    master: str


def links_to_delete(links: Sequence[Link], bridge: str) -> list[str]:
    """Return the bridge's veth ports, then the bridge. Any other port belongs to the user and is only detached."""
    ports = [link.name for link in links if link.master == bridge and link.name.startswith("veth")]
    return ports + [link.name for link in links if link.name == bridge]
