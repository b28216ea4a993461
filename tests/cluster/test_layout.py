"""Two clusters with different homes and networks: no file, name, address or mark of one belongs to the other."""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pouw.cluster import cleanup, components, configuration, machine, pki
from pouw.cluster.layout import Layout, Network, listeners
from pouw.home import Home
from tests.cluster.test_configuration import PROGRAMS

FIRST = Layout(home=Path("/home/me/first"))
SECOND = Layout(
    home=Path("/home/me/second"),
    network=Network(
        bridge="pouw1",
        gateway="10.210.0.1",
        pods="10.210.0.0/24",
        services="10.211.0.0/16",
        api_service="10.211.0.1",
        dns="10.211.0.10",
        loopback="127.10.210.1",
        node_ports="40000-42767",
    ),
)
LAYOUTS = (FIRST, SECOND)


def paths(layout: Layout) -> set[Path]:
    """Return every path that a layout names."""
    properties = (name for name, value in vars(Layout).items() if isinstance(value, property))
    values = (getattr(layout, name) for name in properties)
    return {value for value in values if isinstance(value, Path)}


def ranges(network: Network) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(network.pods), ipaddress.IPv4Network(network.services)]


def chains(layout: Layout) -> set[str]:
    rules = machine.filter_rules(layout.network, "")
    return {line.split()[0].removeprefix(":") for line in rules.splitlines() if line.startswith(":")}


def strings(value: object) -> Iterator[str]:
    """Yield every string of a document."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from strings(key)
            yield from strings(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from strings(entry)
    else:
        yield str(value)


def test_no_path_of_one_cluster_is_a_path_of_another() -> None:
    for first, second in itertools.product(paths(FIRST), paths(SECOND)):
        assert not first.is_relative_to(second)
        assert not second.is_relative_to(first)


def test_interfaces_cgroups_and_chains_have_different_names() -> None:
    first, second = FIRST.network, SECOND.network
    assert first.bridge != second.bridge
    assert first.hardware_address != second.hardware_address
    assert first.cgroup != second.cgroup
    assert not chains(FIRST) & chains(SECOND)


def test_the_bridge_keeps_its_hardware_address() -> None:
    assert FIRST.network.hardware_address == "02:00:0a:c8:00:01"


def test_addresses_ports_and_node_ports_do_not_overlap() -> None:
    assert not any(one.overlaps(two) for one, two in itertools.product(*(ranges(layout.network) for layout in LAYOUTS)))
    assert not set(listeners(FIRST.network)) & set(listeners(SECOND.network))
    first, second = (range(*map(int, layout.network.node_ports.split("-"))) for layout in LAYOUTS)
    assert not set(first) & set(second)


def test_processes_are_marked_with_their_own_cluster() -> None:
    names = [component.name for component in components.components(FIRST, FIRST.network, PROGRAMS)]
    assert not {FIRST.marker(name) for name in names} & {SECOND.marker(name) for name in names}


@pytest.mark.parametrize(("layout", "stranger"), [LAYOUTS, LAYOUTS[::-1]])
def test_no_configuration_of_one_cluster_names_the_other(layout: Layout, stranger: Layout) -> None:
    network = layout.network
    documents = [
        *configuration.files(layout, network, PROGRAMS).values(),
        *strings([component.arguments for component in components.components(layout, network, PROGRAMS)]),
        machine.filter_rules(network, ""),
        *strings([certificate.hosts for certificate in pki.certificates(network)]),
    ]
    foreign = [
        str(stranger.home),
        str(stranger.run),
        stranger.network.bridge,
        stranger.network.gateway,
        stranger.network.loopback,
    ]
    assert not [(name, text) for text in documents for name in foreign if name in text]


def test_down_leaves_the_chains_and_links_of_the_other_cluster() -> None:
    saved = (
        "*filter\n"
        + "".join(f":{name} - [0:0]\n" for layout in LAYOUTS for name in sorted(chains(layout)))
        + "COMMIT\n"
    )
    removed = cleanup.rules_to_drop(saved, chain_prefix=FIRST.network.chain_prefix, before=[])
    assert chains(FIRST) == {line.split()[1] for line in removed.splitlines() if line.startswith("-X")}
    links = [cleanup.Link(name=layout.network.bridge, master="") for layout in LAYOUTS]
    assert cleanup.links_to_delete(links, FIRST.network.bridge) == [FIRST.network.bridge]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_passed_on_as_an_argument(layout: Layout) -> None:
    assert Layout.from_argument(layout.argument) == layout
    assert json.loads(layout.argument)["home"] == str(layout.home)


def test_two_homes_have_two_layouts_in_one_process(tmp_path: Path) -> None:
    homes = [Home(state=tmp_path / name, cache=tmp_path, environment={}) for name in ("a", "b")]
    for home in homes:
        layout = Layout.of_home(home)
        pki.issue_all(layout.pki, layout.network, now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    keys = [(Layout.of_home(home).pki / "ca.key").read_bytes() for home in homes]
    assert keys[0] != keys[1]
