"""The table of clouds: everything that asks which clouds exist reads it, so that a new cloud is one descriptor."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import ClassVar, Literal

import pytest
import yaml

from infra import clouds
from infra.clouds import CLOUDS, Cloud
from infra.settings.loader import parse
from infra.settings.models import alternatives
from infra.settings.site import Backups, ManagedSite
from infra.settings.stack import Settings
from pouw.cost import plan, table
from pouw.engine.plugins.offline import clouds as offline_clouds
from pouw.paths import REPOSITORY
from pouw.run import accounts, sdks


class LunarSite(ManagedSite):
    """A site on a cloud that does not exist."""

    title: ClassVar = "Moon"
    regions: ClassVar = {"tranquility": ("a", "b", "c")}

    cloud: Literal["lunar"]


LUNAR = Cloud(id="lunar", site=LunarSite, package="lunar-native", account_noun="crater", login="fly there")
SITE = LunarSite(
    name="base", cloud="lunar", region="tranquility", account="11", backups=Backups(copy_region="serenity")
)


@pytest.fixture
def lunar_stack(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a site on a cloud that only the table knows."""
    monkeypatch.setattr(clouds, "CLOUDS", {**CLOUDS, "lunar": LUNAR})
    for module in (sdks, accounts, plan):
        monkeypatch.setattr(module, "CLOUDS", clouds.CLOUDS)
    stack = parse({"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]})
    return stack.model_copy(update={"sites": (SITE,)})


def test_a_new_cloud_needs_its_sdk(lunar_stack: Settings) -> None:
    [fault, _] = sdks.faults(lunar_stack, is_installed=lambda _: False)
    assert (fault.got, fault.expected) == ("no module pulumi_lunar_native", "pulumi-lunar-native")


def test_a_foreign_account_of_a_new_cloud_is_named_in_its_terms(
    lunar_stack: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_QUERIES", {"lunar": lambda *_: accounts._Caller(account="12")})
    [fault] = accounts.faults(lunar_stack, {}, {})
    assert fault.message == "the credentials are for another crater"
    assert fault.remedy == "fly there"


def test_resources_of_a_new_cloud_are_charged_to_it(lunar_stack: Settings) -> None:
    assert plan._cloud_of("lunar-native") == "lunar"
    assert plan._cloud_of("docker") == ""


def test_the_settings_of_sites_are_those_of_the_table() -> None:
    sites = {**alternatives(Settings, "sites")}
    sites.pop("kubernetes")
    assert sites == {cloud.id: cloud.site for cloud in CLOUDS.values()}


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS)
def test_a_cloud_has_its_folder_lock_extra_prices_and_plugin(cloud: Cloud) -> None:
    folder = REPOSITORY / "infra" / cloud.id
    assert {"settings.py", "regions.py", "fitness.py", "site.py"} <= {path.name for path in folder.iterdir()}
    assert (REPOSITORY / "requirements" / f"{cloud.id}.lock").exists()
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras[cloud.id][0].startswith(f"{cloud.distribution}>=")
    assert cloud.id in table.load().machines
    assert cloud.package in offline_clouds.MODULES
    assert cloud.id in accounts._QUERIES
    assert all(len(zones) >= 3 for zones in cloud.regions.values())


def test_the_makefile_and_the_project_name_every_cloud() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for names in re.findall(r"\$\(foreach cloud,([a-z ]+),", makefile):
        assert set(names.split()) == {*CLOUDS, "docker"}
    description = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"]["pouw:sites"]["description"]
    assert all(cloud in description for cloud in (*CLOUDS, "kubernetes"))


def test_settings_and_their_checks_import_no_sdk() -> None:
    code = (
        "import sys; import infra.settings.loader; from infra.clouds import CLOUDS\n"
        "for cloud in CLOUDS.values(): cloud.module('fitness')\n"
        "print([name for name in sys.modules if name.partition('.')[0].startswith('pulumi')])"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]", "every command starts with these modules"
