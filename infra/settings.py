"""The settings of a stack: every ``pouw:`` key, typed, validated at once, frozen.

This module is the only reader of stack configuration. ``parse`` is pure and serves the command line, which checks the
file of a stack before any engine starts; ``load`` serves the program inside the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import pydantic
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from infra.faults import Fault

NAMESPACE = "pouw"
SECRET_KEYS = frozenset({"nodeKeySeed"})

_LABEL = r"^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$"
_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"
_IMAGE = r"^[a-z0-9][-a-z0-9._:/]*(:[-A-Za-z0-9._]+|@sha256:[0-9a-f]{64})$"
_PATTERNS = {
    _LABEL: "1 to 20 lower-case letters, digits and hyphens, a letter first, such as 'primary'",
    _QUANTITY: "a quantity such as '500m', '1Gi' or '20Gi'",
    _IMAGE: "an image with a tag or digest, such as 'registry.example/pouw/node:1.2.3'",
}

DnsLabel = Annotated[str, StringConstraints(pattern=_LABEL)]
Quantity = Annotated[str, StringConstraints(pattern=_QUANTITY)]
ImageReference = Annotated[str, StringConstraints(pattern=_IMAGE)]
NodePort = Annotated[int, Field(ge=1, le=65535)]


class ConfigError(Exception):
    """Configuration that cannot be used; ``faults`` holds everything that is wrong, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Amounts(_Part):
    """Processor and memory, in Kubernetes quantities."""

    cpu: Quantity
    memory: Quantity


class Resources(_Part):
    """What one node asks for, and what it may use."""

    requests: Amounts = Amounts(cpu="1", memory="1Gi")
    limits: Amounts = Amounts(cpu="4", memory="4Gi")


class Storage(_Part):
    """The volume of one node."""

    size: Quantity = "20Gi"
    class_name: str | None = None
    """Storage class; unset takes the cluster's default."""


class Nodes(_Part):
    """How many nodes a slot runs, by role."""

    miners: Annotated[int, Field(ge=1, le=500)] = 3
    verifiers: Annotated[int, Field(ge=0, le=500)] = 1
    resources: Resources = Resources()
    storage: Storage = Storage()

    @property
    def total(self) -> int:
        """Nodes of one slot."""
        return self.miners + self.verifiers


class Exposure(_Part):
    """How clients reach a site's balancer."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    rpc_node_port: NodePort | None = None
    ws_node_port: NodePort | None = None
    metrics_node_port: NodePort | None = None
    allow_from: tuple[str, ...] = ()
    """CIDR ranges that may reach it; none given leaves it to the cluster's own edge."""


class Balancer(_Part):
    """The load balancer in front of a site's nodes."""

    replicas: Annotated[int, Field(ge=1, le=20)] = 2
    exposure: Exposure = Exposure()
    max_nodes: Annotated[int, Field(ge=1, le=1000)] = 100
    resources: Resources = Resources(
        requests=Amounts(cpu="250m", memory="128Mi"), limits=Amounts(cpu="1", memory="256Mi")
    )


class Site(_Part):
    """One cluster in one region of one cloud."""

    name: DnsLabel
    cloud: Literal["aws", "azure", "gcp", "kubernetes"]
    region: str | None = None
    role: Literal["active", "standby"] = "active"
    context: str | None = None
    """Kubeconfig context of an existing cluster (``cloud: kubernetes``); unset means the embedded one."""

    @property
    def embedded(self) -> bool:
        """Whether this site runs on the embedded cluster."""
        return self.cloud == "kubernetes" and self.context is None


class Chain(_Part):
    """Chain parameters that every node of the network must share: they make the first block."""

    network_id: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1337
    genesis_time_s: Annotated[int, Field(ge=1_700_000_000, le=4_102_444_800)] = 1_790_000_000
    block_time_s: Annotated[int, Field(ge=1, le=3600)] = 15


class Images(_Part):
    """Container images. The command line fills in what it builds itself; elsewhere they come from a registry."""

    node: ImageReference | None = None
    balancer: ImageReference | None = None
    base: str | None = None
    """Base image of ``Dockerfile.production``; unset makes one from Debian packages."""


class Settings(_Part):
    """One stack."""

    environment: Literal["local", "staging", "production"]
    sites: tuple[Site, ...]
    chain: Chain = Chain()
    nodes: Nodes = Nodes()
    balancer: Balancer = Balancer()
    images: Images = Images()
    kubeconfig: str = ""
    """Path of the kubeconfig to use; empty means the user's own."""

    @property
    def embedded(self) -> bool:
        """Whether a site runs on the embedded cluster: plain Kubernetes, and no context of the user's named."""
        return any(site.embedded for site in self.sites)


def parse(values: Mapping[str, object]) -> Settings:
    """Validate plain values (keys without the ``pouw:`` prefix). Secrets are no settings: they are passed over.

    Raises:
        ConfigError: with every fault found.
    """
    plain = {key: value for key, value in values.items() if key not in SECRET_KEYS}
    faults = list(_site_faults(plain.get("sites")))
    try:
        # Lists become tuples and nothing else is converted: '4' is not a number of nodes.
        settings = Settings.model_validate_json(json.dumps(plain))
    except pydantic.ValidationError as error:
        raise ConfigError([*_faults(error), *faults]) from error
    except TypeError as error:
        raise ConfigError([Fault(path=f"{NAMESPACE}:", message=str(error), expected="plain YAML values")]) from error
    if faults:
        raise ConfigError(faults)
    return settings


def load() -> Settings:
    """Settings of the stack whose program is running.

    Raises:
        pulumi.RunError: printed by the engine without a traceback.
    """
    import pulumi
    from pulumi.runtime.config import CONFIG, get_config_env

    bag = {**get_config_env(), **CONFIG.get()}
    prefix = f"{NAMESPACE}:"
    values = {key.removeprefix(prefix): _decode(text) for key, text in bag.items() if key.startswith(prefix)}
    try:
        return parse(values)
    except ConfigError as error:
        raise pulumi.RunError(f"the configuration of this stack is not usable:\n{error}") from error


def required_images(stack: Settings) -> tuple[str, str]:
    """Images of the node and the balancer, for a site that runs them.

    Raises:
        pulumi.RunError: one is not set.
    """
    import pulumi

    if stack.images.node is None or stack.images.balancer is None:
        fault = Fault(
            path=f"{NAMESPACE}:images",
            message="does not name both images",
            got=f"node: {stack.images.node}, balancer: {stack.images.balancer}",
            expected="a tag or digest for each",
            remedy="set them in the stack's file, or run `pouw up`, which builds them for the embedded cluster",
        )
        raise pulumi.RunError(str(fault))
    return stack.images.node, stack.images.balancer


def _decode(text: str) -> object:
    # The engine hands structured values over as JSON and strings bare, so a bare word is no fault.
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _site_faults(sites: object) -> Iterator[Fault]:
    """Faults between sites, read from the raw values so that they are told together with all others."""
    listed = [site for site in sites if isinstance(site, Mapping)] if isinstance(sites, list) else []
    if sites == []:
        yield Fault(path=f"{NAMESPACE}:sites", message="is empty", got="[]", expected="at least 1 site")
    names = [site.get("name") for site in listed]
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            path = f"{NAMESPACE}:sites[{index}].name"
            yield Fault(path=path, message="two sites of one name", got=repr(name), expected="a name of its own")
    if listed and all(site.get("role") == "standby" for site in listed):
        expected = "at least one site with role: active"
        yield Fault(path=f"{NAMESPACE}:sites", message="no active site", got="only standby sites", expected=expected)


def _faults(error: pydantic.ValidationError) -> Iterator[Fault]:
    for entry in error.errors(include_url=False):
        path = NAMESPACE + ":" + _path(entry["loc"])
        if entry["type"] == "missing":
            yield Fault(path=path, message="is missing", got="nothing", expected="a value")
        elif entry["type"] == "extra_forbidden":
            known = _known_keys(entry["loc"][:-1])
            yield Fault(
                path=path, message="unknown key", got=repr(entry["loc"][-1]), expected="one of " + ", ".join(known)
            )
        else:
            yield Fault(path=path, message="is not allowed", got=_shown(entry["input"]), expected=_expected(entry))


def _path(location: Sequence[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _expected(entry: Mapping[str, Any]) -> str:
    text = str(entry["msg"])
    if pattern := re.search(r"should match pattern '(.+)'", text):
        return _PATTERNS.get(pattern.group(1), f"text matching {pattern.group(1)}")
    return re.sub(r"^(Input should be|Tuple should have) ", "", text)


def _known_keys(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = next(f for name, f in model.model_fields.items() if part in (f.alias, name))
        model = _model_of(field.annotation)
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(annotation: object) -> type[BaseModel]:
    """The settings class inside an annotation such as ``tuple[Site, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(_model_of(inner) for inner in get_args(annotation) if inner is not Ellipsis)
