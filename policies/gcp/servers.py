"""Machines on Compute Engine, and what is said for all of a project's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import MISSING, both, find, must_be, must_not_be
from policies.gcp.relations import must_name_account
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule

INSTANCE = "gcp:compute/instance:Instance"
TEMPLATES = (
    "gcp:compute/instanceTemplate:InstanceTemplate",
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
)
SERVERS = (INSTANCE, *TEMPLATES)
PROJECT = "gcp:compute/projectMetadata:ProjectMetadata"
ITEM = "gcp:compute/projectMetadataItem:ProjectMetadataItem"

_GUIDE = "https://cloud.google.com/compute/docs/"
_YES = ("true", "y", "yes", "1")
_DEFAULT = "default"


def _has_public_address(props: Props) -> Iterator[str]:
    for kind in ("accessConfigs", "ipv6AccessConfigs"):
        for at, listed in find(props, f"networkInterfaces[*].{kind}"):
            if listed is not MISSING and len(listed):
                yield f"{at}: has an address outside"


def _is_in_default_network(props: Props) -> Iterator[str]:
    for at, interface in find(props, "networkInterfaces[*]"):
        if interface is MISSING or "subnetwork" in tuple(interface):
            continue
        network = interface.get("network") or _DEFAULT
        if str(network).rpartition("/")[2] == _DEFAULT:
            yield f"{at}.network: is the default one"


def _says(name: str, *, wanted: bool, absent: str = "") -> Callable[[Props], Iterator[str]]:
    """A switch in the metadata, which Google takes in several spellings; ``absent`` says what is wrong without it."""

    def check(props: Props) -> Iterator[str]:
        told = (props.get("metadata") or {}).get(name)
        if told is None:
            if absent:
                yield f"metadata.{name}: {absent}"
        elif (str(told).lower() in _YES) is not wanted:
            yield f"metadata.{name}: is {told}"

    return check


def _project_has_no_login(props: Props) -> Iterator[str]:
    if "key" not in props:
        yield from _says("enable-oslogin", wanted=True, absent="is missing, so keys in the metadata log in")(props)
    elif props["key"] == "enable-oslogin":
        yield from must_be("value", "TRUE", "true")(props)


def _is_plain(props: Props) -> Iterator[str]:
    config = props.get("confidentialInstanceConfig") or {}
    if config.get("enableConfidentialCompute") is not True and not config.get("confidentialInstanceType"):
        yield "confidentialInstanceConfig: memory is readable from outside of the machine"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-compute-server-deny-public-address",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine with an address outside is scanned from its first minute.",
        remedy="Remove accessConfigs; go out by Cloud NAT, and in by a load balancer or IAP.",
        reference=_GUIDE + "ip-addresses",
        check=_has_public_address,
    ),
    Rule(
        id="gcp-compute-server-deny-default-network",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The default network lets SSH, remote desktop and every neighbour in.",
        remedy="Set networkInterfaces[].subnetwork.",
        reference="https://cloud.google.com/vpc/docs/vpc",
        check=_is_in_default_network,
    ),
    StackRule(
        id="gcp-compute-server-require-own-account",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default account edits the whole project, and whoever gets into the machine acts as it.",
        remedy="Name an account of the machine's own in serviceAccount.email, or leave serviceAccount out.",
        reference=_GUIDE + "access/service-accounts",
        check=must_name_account("serviceAccount.email", unless_missing="serviceAccount"),
    ),
    Rule(
        id="gcp-compute-server-deny-project-keys",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever has a key to any machine of the project has one to this machine.",
        remedy='Set metadata.block-project-ssh-keys: "TRUE".',
        reference=_GUIDE + "connect/restrict-ssh-keys",
        check=_says("block-project-ssh-keys", wanted=True, absent="is missing, so the project's keys log in"),
    ),
    Rule(
        id="gcp-compute-server-deny-serial-port",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="The serial console is reached from anywhere, past every firewall rule.",
        remedy="Remove metadata.serial-port-enable.",
        reference=_GUIDE + "troubleshooting/troubleshooting-using-serial-console",
        check=_says("serial-port-enable", wanted=False),
    ),
    Rule(
        id="gcp-compute-server-deny-keys-in-metadata",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A machine that turns OS Login off lets keys in that no role gives and no role takes back.",
        remedy="Remove metadata.enable-oslogin, or set TRUE.",
        reference=_GUIDE + "oslogin",
        check=_says("enable-oslogin", wanted=True),
    ),
    Rule(
        id="gcp-compute-project-require-oslogin",
        types=(PROJECT, ITEM),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Who may log in is written in the metadata of machines, and stays there when somebody leaves.",
        remedy="Set enable-oslogin: TRUE in the project's metadata.",
        reference=_GUIDE + "oslogin",
        check=_project_has_no_login,
    ),
    Rule(
        id="gcp-compute-server-deny-forwarding",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A machine that forwards poses as others and leads packets around firewall rules.",
        remedy="Remove canIpForward.",
        reference="https://cloud.google.com/vpc/docs/using-routes",
        check=must_not_be("canIpForward", True),
    ),
    Rule(
        id="gcp-compute-server-require-shielding",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A changed kernel starts like any other, and nobody hears of it.",
        remedy="Set shieldedInstanceConfig.enableSecureBoot: true, and leave vTPM and integrity monitoring on.",
        reference="https://cloud.google.com/compute/shielded-vm/docs/shielded-vm",
        check=both(
            must_be("shieldedInstanceConfig.enableSecureBoot", True),
            must_not_be("shieldedInstanceConfig.enableVtpm", False),
            must_not_be("shieldedInstanceConfig.enableIntegrityMonitoring", False),
        ),
    ),
    Rule(
        id="gcp-compute-server-require-confidentiality",
        types=SERVERS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Whoever gets hold of the host reads the machine's memory, and the keys in it.",
        remedy="Set confidentialInstanceConfig.confidentialInstanceType on machine types that have it.",
        reference="https://cloud.google.com/confidential-computing/confidential-vm/docs/confidential-vm-overview",
        check=_is_plain,
    ),
)
