"""The clouds that manage clusters: one descriptor each, read by everything that asks which clouds exist."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from infra.aws.settings import AwsSite
from infra.azure.settings import AzureSite
from infra.gcp.settings import GcpSite
from infra.settings.site import ManagedSite


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One cloud. Its folder is ``infra/<id>``, its extra and lock file carry the same name."""

    id: str
    """Value of a site's ``cloud``."""
    site: type[ManagedSite]
    """Settings of a site, with the cloud's title, regions and zones."""
    package: str
    """Name of the Pulumi package, of its provider plugin and of the provider's configuration."""
    account_noun: str
    """The cloud's own word for an account."""
    login: str
    """Remedy for missing or foreign credentials."""
    edge_accepts_ipv6: bool = False
    """True if clients may reach the edge over IPv6."""

    @property
    def title(self) -> str:
        """Name of the cloud in messages."""
        return self.site.title

    @property
    def regions(self) -> Mapping[str, tuple[str, ...]]:
        """Zones by region."""
        return self.site.regions

    @property
    def distribution(self) -> str:
        """Python distribution of the cloud's SDK."""
        return f"pulumi-{self.package}"

    @property
    def sdk(self) -> str:
        """Python module of the cloud's SDK."""
        return self.distribution.replace("-", "_")

    def module(self, noun: str) -> ModuleType:
        """Import ``infra/<id>/<noun>.py``. Only a used cloud is imported, because its SDK takes more than a second."""
        return importlib.import_module(f"infra.{self.id}.{noun}")


CLOUDS: Final[Mapping[str, Cloud]] = {
    cloud.id: cloud
    for cloud in (
        Cloud(
            id="aws",
            site=AwsSite,
            package="aws",
            account_noun="account",
            login="log in to it (`aws sso login`, AWS_PROFILE or AWS_ACCESS_KEY_ID), with the AWS CLI or botocore"
            " installed",
        ),
        Cloud(
            id="azure",
            site=AzureSite,
            package="azure-native",
            account_noun="subscription",
            login="`az login` and `az account set --subscription ID`, or set ARM_SUBSCRIPTION_ID",
            edge_accepts_ipv6=True,
        ),
        Cloud(
            id="gcp",
            site=GcpSite,
            package="gcp",
            account_noun="project",
            login="`gcloud auth application-default login` and `gcloud config set project ID`, or set GOOGLE_PROJECT",
        ),
    )
}
"""The clouds by id."""
