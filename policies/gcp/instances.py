"""Rules about Compute Engine instances and project metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import MISSING, all_of, find, format_value, must_be, must_not_be
from policies.gcp.references import must_name_account
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


def _check_public_address(props: Props) -> Iterator[str]:
    for kind in ("accessConfigs", "ipv6AccessConfigs"):
        for path, configurations in find(props, f"networkInterfaces[*].{kind}"):
            if configurations is not MISSING and len(configurations):
                yield f"{path}: the machine has a public address; got an access configuration; expected nothing"


def _check_default_network(props: Props) -> Iterator[str]:
    for path, interface in find(props, "networkInterfaces[*]"):
        if interface is MISSING or "subnetwork" in tuple(interface):
            continue
        network = interface.get("network") or _DEFAULT
        if str(network).rpartition("/")[2] == _DEFAULT:
            yield f"{path}.network: the default network is used; got {network}; expected a subnetwork"


def _must_switch(name: str, *, expected: bool, absent: str = "") -> Callable[[Props], Iterator[str]]:
    """Return a check of a switch in the metadata, which Google accepts in several spellings.

    ``absent`` is the message without it.
    """

    def check(props: Props) -> Iterator[str]:
        value = (props.get("metadata") or {}).get(name)
        if value is None:
            if absent:
                yield f"metadata.{name}: {absent}"
        elif (str(value).lower() in _YES) is not expected:
            yield f"metadata.{name}: is not allowed; got {value}; expected {format_value(expected)}"

    return check


def _check_project_login(props: Props) -> Iterator[str]:
    if "key" not in props:
        yield from _must_switch(
            "enable-oslogin", expected=True, absent="keys in the metadata allow logins; got nothing; expected TRUE"
        )(props)
    elif props["key"] == "enable-oslogin":
        yield from must_be("value", "TRUE", "true")(props)


def _check_confidential_computing(props: Props) -> Iterator[str]:
    config = props.get("confidentialInstanceConfig") or {}
    if config.get("enableConfidentialCompute") is not True and not config.get("confidentialInstanceType"):
        yield "confidentialInstanceConfig: memory is not encrypted; got nothing; expected a confidentialInstanceType"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-compute-server-deny-public-address",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine with a public address is scanned within minutes.",
        remedy="Remove accessConfigs, and use Cloud NAT for egress and a load balancer or IAP for ingress.",
        reference=_GUIDE + "ip-addresses",
        check=_check_public_address,
    ),
    Rule(
        id="gcp-compute-server-deny-default-network",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The default network allows SSH, remote desktop and all traffic between machines.",
        remedy="Set networkInterfaces[].subnetwork.",
        reference="https://cloud.google.com/vpc/docs/vpc",
        check=_check_default_network,
    ),
    StackRule(
        id="gcp-compute-server-require-own-account",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default account may edit the whole project, and an intruder on the machine can use it.",
        remedy="Set serviceAccount.email to a dedicated account, or remove serviceAccount.",
        reference=_GUIDE + "access/service-accounts",
        check=must_name_account("serviceAccount.email", unless_missing="serviceAccount"),
    ),
    Rule(
        id="gcp-compute-server-deny-project-keys",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An SSH key for any machine of the project also works on this machine.",
        remedy='Set metadata.block-project-ssh-keys: "TRUE".',
        reference=_GUIDE + "connect/restrict-ssh-keys",
        check=_must_switch(
            "block-project-ssh-keys",
            expected=True,
            absent="SSH keys of the project allow logins; got nothing; expected TRUE",
        ),
    ),
    Rule(
        id="gcp-compute-server-deny-serial-port",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="The serial console is reachable from anywhere, past every firewall rule.",
        remedy="Remove metadata.serial-port-enable.",
        reference=_GUIDE + "troubleshooting/troubleshooting-using-serial-console",
        check=_must_switch("serial-port-enable", expected=False),
    ),
    Rule(
        id="gcp-compute-server-deny-keys-in-metadata",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Without OS Login, SSH keys grant access that no role controls or revokes.",
        remedy="Remove metadata.enable-oslogin, or set it to TRUE.",
        reference=_GUIDE + "oslogin",
        check=_must_switch("enable-oslogin", expected=True),
    ),
    Rule(
        id="gcp-compute-project-require-oslogin",
        types=(PROJECT, ITEM),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="SSH keys in metadata remain valid after their owner leaves.",
        remedy="Set enable-oslogin: TRUE in the project's metadata.",
        reference=_GUIDE + "oslogin",
        check=_check_project_login,
    ),
    Rule(
        id="gcp-compute-server-deny-forwarding",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A machine that forwards traffic can forge addresses and bypass firewall rules.",
        remedy="Remove canIpForward.",
        reference="https://cloud.google.com/vpc/docs/using-routes",
        check=must_not_be("canIpForward", True),
    ),
    Rule(
        id="gcp-compute-server-require-shielding",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A modified kernel boots unnoticed.",
        remedy=(
            "Set shieldedInstanceConfig.enableSecureBoot: true, and keep enableVtpm and enableIntegrityMonitoring on."
        ),
        reference="https://cloud.google.com/compute/shielded-vm/docs/shielded-vm",
        check=all_of(
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
        why="Anyone with access to the host can read the machine's memory, including keys.",
        remedy="Set confidentialInstanceConfig.confidentialInstanceType on machine types that support it.",
        reference="https://cloud.google.com/confidential-computing/confidential-vm/docs/confidential-vm-overview",
        check=_check_confidential_computing,
    ),
)
