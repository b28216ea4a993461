"""What ``down`` has to take away, decided from what there is. Nothing here acts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

OWN_CHAINS = ("KUBE-", "CNI-", "POUW-")


def rules_to_drop(saved: str, *, before: Collection[str]) -> str:
    """Input for ``iptables-restore --noflush`` that removes our chains, their rules and every jump to them.

    ``saved`` is the output of ``iptables-save``; ``before`` names the chains (``table/NAME``) that were there first and
    stay, whoever's they are. Empty when there is nothing of ours.
    """
    lines: list[str] = []
    for table, declared, rules in _tables(saved):
        ours = [name for name in declared if name.startswith(OWN_CHAINS) and f"{table}/{name}" not in before]
        if not ours:
            continue
        jumps = [rule for rule in rules if _chain(rule) not in ours and _target(rule) in ours]
        lines += [f"*{table}"]
        lines += [f":{name} - [0:0]" for name in ours]
        lines += [f"-D{rule.removeprefix('-A')}" for rule in jumps]
        lines += [f"-X {name}" for name in ours]
        lines += ["COMMIT"]
    return "".join(f"{line}\n" for line in lines)


def _tables(saved: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each table's name, user chains and rules."""
    table, declared, rules = "", list[str](), list[str]()
    for line in saved.splitlines():
        if line.startswith("*"):
            table, declared, rules = line[1:], [], []
        elif line.startswith(":") and line.split()[1] == "-":
            declared.append(line[1:].split()[0])
        elif line.startswith("-A"):
            rules.append(line)
        elif line == "COMMIT":
            yield table, declared, rules


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
    """Kernel settings to write back: those that hold a value that the cluster gives. Where somebody has set another one
    since, theirs stays."""
    return {
        name: value
        for name, value in before.items()
        if name in now and now[name] != value and now[name] in during.get(name, ())
    }


def mounts_to_undo(mounts: Sequence[str], roots: Sequence[PurePath]) -> list[str]:
    """Mount points below ``roots``, the last mounted first. ``mounts`` is as in ``/proc/self/mounts``."""
    points = [_unescape(line.split()[1]) for line in mounts if line.strip()]
    return [point for point in reversed(points) if any(PurePath(point).is_relative_to(root) for root in roots)]


def _unescape(text: str) -> str:
    """The kernel writes space, tab, newline and backslash as octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


@dataclass(frozen=True, kw_only=True)
class Link:
    """A network interface and the bridge it belongs to, if any."""

    name: str
    master: str


def links_to_delete(links: Sequence[Link], bridge: str) -> list[str]:
    """The bridge's ports that are veths, then the bridge. A port that is something else is a user's and only let go."""
    ports = [link.name for link in links if link.master == bridge and link.name.startswith("veth")]
    return ports + [link.name for link in links if link.name == bridge]
