"""Missing SDKs are reported before an engine starts."""

from __future__ import annotations

from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.run import sdks

IMAGES = {"node": "registry.example/pouw/node:1", "balancer": "registry.example/pouw/balancer:1"}


def site(name: str, cloud: str, region: str, account: str, copy: str, cidr: str) -> dict[str, object]:
    let_in = {"administrators": [f"arn:aws:iam::{account}:role/deployer"]} if cloud == "aws" else {}
    return {
        "name": name,
        "cloud": cloud,
        "region": region,
        "account": account,
        "network": {"cidr": cidr},
        "cluster": let_in,
        "backups": {"copyRegion": copy},
    }


AWS = site("one", "aws", "us-east-1", "123456789012", "us-west-2", "10.20.0.0/16")
AWS_TOO = site("two", "aws", "us-west-2", "123456789012", "us-east-1", "10.21.0.0/16")
GCP = site("three", "gcp", "us-central1", "pouw-staging", "us-west1", "10.22.0.0/16")


def stack(*sites: dict[str, object], **more: object) -> Settings:
    fixed = {"environment": "staging", "contacts": ["oncall@example.org"], "dns": {"zone": "pouw.example.org"}}
    return parse({**fixed, "sites": list(sites), **more})


def test_each_missing_sdk_is_one_fault_at_the_first_site_that_needs_it() -> None:
    missing = list(sdks.faults(stack(AWS, AWS_TOO, GCP, images=IMAGES), is_installed=lambda _: False))
    assert [(fault.path, fault.expected) for fault in missing] == [
        ("pouw:sites[0].cloud", "pulumi-aws"),
        ("pouw:sites[2].cloud", "pulumi-gcp"),
    ]
    assert all("make clouds" in fault.remedy for fault in missing)


def test_only_images_that_the_stack_builds_need_the_sdk_of_docker() -> None:
    here = {"pulumi_aws"}
    (fault,) = sdks.faults(stack(AWS), is_installed=here.__contains__)
    assert (fault.path, fault.expected) == ("pouw:images", "pulumi-docker")
    assert list(sdks.faults(stack(AWS, images=IMAGES), is_installed=here.__contains__)) == []


def test_existing_clusters_need_no_clouds_sdk() -> None:
    settings = parse({"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]})
    assert list(sdks.faults(settings, is_installed=lambda _: False)) == []
