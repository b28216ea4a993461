"""Responses of the offline plugins: names, planned outputs, differences, functions, refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, from_struct, to_struct
from tests.engine.kubernetes.provider import FailedError, Provider, Resource, urn
from tests.engine.offline.conftest import ProviderOf
from tests.engine.offline.planted import KINDS

VPC, SUBNET, EKS = KINDS["vpc"].token, KINDS["subnet"].token, KINDS["eks"].token
BUCKET, ROLE = "aws:s3/bucket:Bucket", "aws:iam/role:Role"


@pytest.fixture
def aws(provider_of: ProviderOf) -> Provider:
    return provider_of("aws")


@pytest.fixture
def azure(provider_of: ProviderOf) -> Provider:
    return provider_of("azure-native")


@pytest.fixture
def gcp(provider_of: ProviderOf) -> Provider:
    return provider_of("gcp")


# Names


@pytest.mark.parametrize(
    ("package", "token", "inputs", "property_", "pattern"),
    [
        ("aws", BUCKET, {}, "bucket", r"some-[0-9a-f]{7}"),
        ("aws", ROLE, {"assumeRolePolicy": "{}"}, "name", r"Some-[0-9a-f]{7}"),
        ("gcp", "gcp:storage/bucket:Bucket", {"location": "EU"}, "name", r"some-[0-9a-f]{7}"),
        ("azure-native", "azure-native:resources:ResourceGroup", {}, "resourceGroupName", r"Some[0-9a-f]{8}"),
        (
            "azure-native",
            "azure-native:network:Subnet",
            {"resourceGroupName": "a", "virtualNetworkName": "b"},
            "subnetName",
            r"Some[0-9a-f]{8}",
        ),
    ],
)
def test_a_resource_without_a_name_is_given_one_of_the_clouds_form(
    provider_of: ProviderOf, package: str, token: str, inputs: dict[str, Value], property_: str, pattern: str
) -> None:
    inputs_and_faults, faults = provider_of(package).check(urn(token, "Some"), inputs)
    assert faults == []
    assert re.fullmatch(pattern, inputs_and_faults[property_])
    again, _ = provider_of(package).check(urn(token, "Some"), inputs, inputs_and_faults)
    assert again == inputs_and_faults, "a name that was proposed once stays"


def test_a_name_that_the_program_gives_is_kept(aws: Provider) -> None:
    inputs_and_faults, _ = aws.check(
        urn(BUCKET, "some"), {"bucket": "mine"}, {"bucket": "some-1234567", "__defaults": ["bucket"]}
    )
    assert inputs_and_faults == {"bucket": "mine", "__defaults": []}


def test_a_prefix_leaves_the_name_to_the_cloud(aws: Provider) -> None:
    inputs_and_faults, _ = aws.check(urn(BUCKET, "some"), {"bucketPrefix": "mine"})
    assert "bucket" not in inputs_and_faults


def test_the_stacks_own_way_of_naming_is_followed(aws: Provider) -> None:
    modes = provider_pb2.CheckRequest.AutonamingOptions
    expected = modes(proposed_name="dev-some", mode=modes.ENFORCE)
    answer = aws.call("Check", urn=urn(BUCKET, "some"), news=to_struct({}), autonaming=expected)
    assert from_struct(answer.inputs)["bucket"] == "dev-some"
    answer = aws.call("Check", urn=urn(BUCKET, "some"), news=to_struct({}), autonaming=modes(mode=modes.DISABLE))
    assert "bucket" not in from_struct(answer.inputs)


def test_what_an_official_provider_filled_in_stays(aws: Provider) -> None:
    olds = {"bucket": "some-1234567", "forceDestroy": False, "__defaults": ["bucket", "forceDestroy"]}
    assert aws.check(urn(BUCKET, "some"), {}, olds)[0] == olds


# Planned outputs


def planned_state(provider: Provider, token: str, inputs: Mapping[str, Value]) -> dict[str, Value]:
    return provider.create(urn(token, "some"), inputs, preview=True).state


def test_a_plan_knows_its_inputs_and_that_the_rest_is_unknown(aws: Provider) -> None:
    state = planned_state(aws, VPC, {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}})
    assert state["cidrBlock"] == "10.0.0.0/16"
    assert state["arn"] is UNKNOWN
    assert state["tagsAll"] == {"owner": "pouw", "a": "b"}, "with the provider's own"
    assert "instanceTenancy" not in state, "the program does not set it, and the cloud does not compute it"


def test_what_the_cloud_computes_inside_of_an_input_is_unknown(aws: Provider) -> None:
    state = planned_state(aws, EKS, KINDS["eks"].inputs)
    assert state["vpcConfig"]["subnetIds"] == ["subnet-1"]
    assert state["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN
    assert state["certificateAuthority"] is UNKNOWN


def test_an_object_that_is_read_back_as_text_is_text(aws: Provider) -> None:
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": ["eks.amazonaws.com"]}}
    policy: dict[str, Value] = {"Version": "2012-10-17", "Statement": [statement]}
    assert json.loads(planned_state(aws, ROLE, {"assumeRolePolicy": policy})["assumeRolePolicy"]) == policy
    policy["Statement"][0]["Principal"]["Service"] = [UNKNOWN]
    assert planned_state(aws, ROLE, {"assumeRolePolicy": policy})["assumeRolePolicy"] is UNKNOWN


def test_a_list_that_is_read_back_as_a_map_is_unknown(azure: Provider) -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/subscriptions/a"]}
    state = planned_state(azure, KINDS["aks"].token, {**KINDS["aks"].inputs, "identity": identity})
    assert state["identity"]["userAssignedIdentities"] is UNKNOWN


def test_declared_properties_of_an_object_that_the_cloud_extends_are_known(azure: Provider) -> None:
    properties = {
        "tenantId": "00000000-0000-4000-8000-000000000002",
        "sku": {"family": "A", "name": "standard"},
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
    }
    inputs: dict[str, Value] = {"resourceGroupName": "a", "vaultName": "some", "properties": properties}
    state = planned_state(azure, "azure-native:keyvault:Vault", inputs)
    assert properties.items() <= state["properties"].items()
    assert state["properties"]["hsmPoolResourceId"] is UNKNOWN


def test_each_object_of_a_list_keeps_what_is_declared_in_it(azure: Provider) -> None:
    connection = {"name": "vault", "groupIds": ["vault"]}
    inputs: dict[str, Value] = {
        "resourceGroupName": "a",
        "privateEndpointName": "some",
        "privateLinkServiceConnections": [connection],
    }
    [result] = planned_state(azure, "azure-native:network:PrivateEndpoint", inputs)["privateLinkServiceConnections"]
    assert connection.items() <= result.items()
    assert result["provisioningState"] is UNKNOWN


def test_what_is_secret_in_the_inputs_is_secret_in_the_plan(aws: Provider) -> None:
    state = planned_state(aws, "aws:secretsmanager/secret:Secret", {"description": Secret("hidden")})
    assert state["description"] == Secret("hidden")


def test_a_changed_resource_keeps_what_the_cloud_computed(aws: Provider) -> None:
    inputs, _ = aws.check(urn(VPC, "some"), KINDS["vpc"].inputs)
    old = Resource(id="vpc-1", urn=urn(VPC, "some"), inputs=inputs, state={**inputs, "arn": "arn:aws:ec2:::vpc/vpc-1"})
    assert aws.update(old, {**inputs, "tags": {"a": "c"}}, preview=True).state["arn"] == "arn:aws:ec2:::vpc/vpc-1"


def test_a_location_comes_from_the_provider_where_the_program_gives_none(azure: Provider) -> None:
    inputs_and_faults, _ = azure.check(urn(KINDS["aks"].token, "some"), KINDS["aks"].inputs)
    assert inputs_and_faults["location"] == "westeurope"


# Differences


def resource_in_state(provider: Provider, token: str, inputs: Mapping[str, Value]) -> Resource:
    """Return a resource as the state has it."""
    inputs_and_faults, faults = provider.check(urn(token, "some"), inputs)
    assert not faults
    return Resource(id="id", urn=urn(token, "some"), inputs=inputs_and_faults, state=inputs_and_faults)


def difference(
    provider: Provider, token: str, before: Mapping[str, Value], change: Mapping[str, Value]
) -> tuple[list[str], list[str], bool]:
    """Return the paths that differ, those that replace, and True if the old resource is deleted first."""
    answer = provider.diff(resource_in_state(provider, token, before), {**before, **change})
    return sorted(answer.detailedDiff), sorted(answer.replaces), answer.deleteBeforeReplace


@pytest.mark.parametrize(
    ("package", "kind", "change", "paths", "replaces"),
    [
        ("aws", "vpc", {}, [], []),
        ("aws", "vpc", {"tags": {"a": "c"}}, ["tags.a"], []),
        ("aws", "vpc", {"cidrBlock": "10.1.0.0/16"}, ["cidrBlock"], ["cidrBlock"]),
        ("aws", "vpc", {"cidrBlock": UNKNOWN}, ["cidrBlock"], ["cidrBlock"]),
        ("aws", "eks", {"version": "1.34"}, ["version"], []),
        ("aws", "eks", {"roleArn": "arn:aws:iam::123456789012:role/y"}, ["roleArn"], ["roleArn"]),
        ("azure-native", "storage", {"location": "northeurope"}, ["location"], ["location"]),
        ("azure-native", "storage", {"resourceGroupName": "other"}, ["resourceGroupName"], ["resourceGroupName"]),
        ("azure-native", "storage", {"kind": "BlobStorage"}, ["kind"], []),
        ("gcp", "gke", {"location": "europe-west1-b"}, ["location"], ["location"]),
        ("gcp", "gke", {"releaseChannel": {"channel": "RAPID"}}, ["releaseChannel.channel"], []),
        ("docker", "image", {"imageName": "other"}, ["imageName"], []),
    ],
)
def test_a_change_is_an_update_or_another_resource(
    provider_of: ProviderOf, package: str, kind: str, change: dict[str, Value], paths: list[str], replaces: list[str]
) -> None:
    result = difference(provider_of(package), KINDS[kind].token, KINDS[kind].inputs, change)
    assert result[:2] == (paths, replaces)


def test_a_name_of_ones_own_makes_room_before_the_new_one_comes(aws: Provider) -> None:
    change = {"roleArn": "arn:aws:iam::123456789012:role/y"}
    inputs = KINDS["eks"].inputs
    assert difference(aws, EKS, {**inputs, "name": "mine"}, change)[2]
    assert not difference(aws, EKS, inputs, change)[2], "a made-up name is free to differ"


def test_what_is_ignored_is_no_change(aws: Provider) -> None:
    inputs = KINDS["vpc"].inputs
    answer = aws.diff(resource_in_state(aws, VPC, inputs), {**inputs, "tags": {"a": "c"}}, ignored=("tags",))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


# Functions


def invoke(provider: Provider, token: str, arguments: Mapping[str, Value] | None = None) -> dict[str, Any]:
    answer = provider.call("Invoke", tok=token, args=to_struct(arguments or {}))
    return from_struct(getattr(answer, "return"))


def test_functions_are_answered_from_the_configuration(provider_of: ProviderOf) -> None:
    aws, azure, gcp = (provider_of(package) for package in ("aws", "azure-native", "gcp"))
    assert invoke(aws, "aws:index/getRegion:getRegion")["region"] == "eu-west-1"
    assert invoke(aws, "aws:index/getPartition:getPartition")["partition"] == "aws"
    assert invoke(aws, "aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "000000000000"
    assert invoke(aws, "aws:index/getAvailabilityZones:getAvailabilityZones")["names"] == [
        "eu-west-1a",
        "eu-west-1b",
        "eu-west-1c",
    ]
    assert set(invoke(azure, "azure-native:authorization:getClientConfig").values()) == {
        "00000000-0000-0000-0000-000000000000"
    }
    assert invoke(gcp, "gcp:organizations/getClientConfig:getClientConfig")["project"] == "some-project"
    assert invoke(gcp, "gcp:compute/getZones:getZones", {"region": "us-east1"})["names"] == [
        "us-east1-b",
        "us-east1-c",
        "us-east1-d",
    ]


def test_a_policy_document_is_rendered(aws: Provider) -> None:
    statement = {
        "sid": "Some",
        "actions": ["s3:GetObject", "s3:ListBucket"],
        "resources": ["arn:aws:s3:::some"],
        "principals": [{"type": "Service", "identifiers": ["eks.amazonaws.com"]}],
        "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
    }
    rendered = invoke(aws, "aws:iam/getPolicyDocument:getPolicyDocument", {"statements": [statement]})["json"]
    assert json.loads(rendered) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Some",
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetObject"],
                "Resource": "arn:aws:s3:::some",
                "Principal": {"Service": "eks.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
            }
        ],
    }


def test_a_later_document_takes_the_place_of_its_statement(aws: Provider) -> None:
    def document_with(effect: str) -> str:
        return json.dumps({"Statement": [{"Sid": "A", "Effect": effect}]})

    documents = {"sourcePolicyDocuments": [document_with("Allow")], "overridePolicyDocuments": [document_with("Deny")]}
    rendered = invoke(aws, "aws:iam/getPolicyDocument:getPolicyDocument", documents)["json"]
    assert json.loads(rendered)["Statement"] == [{"Sid": "A", "Effect": "Deny"}]


def test_a_function_that_needs_the_cloud_is_refused_with_a_remedy(aws: Provider) -> None:
    with pytest.raises(FailedError, match=r"aws:ec2/getAmi:getAmi: only AWS can .*`pulumi plugin install resource aws"):
        invoke(aws, "aws:ec2/getAmi:getAmi")


# Refusals


@pytest.mark.parametrize("package", ["aws", "azure-native", "gcp", "docker"])
def test_nothing_real_is_done_and_the_official_plugin_is_named(provider_of: ProviderOf, package: str) -> None:
    provider = provider_of(package)
    kind = next(kind for kind in KINDS.values() if kind.token.startswith(f"{package}:"))
    version = metadata.version(f"pulumi-{package}")
    message = f"`pulumi plugin install resource {package} {version}` puts it into .*resource-{package}-v{version}"
    with pytest.raises(FailedError, match=message):
        provider.create(urn(kind.token, "some"), kind.inputs)
    for method, fields in (
        ("Delete", {"properties": to_struct({})}),
        ("Read", {"properties": to_struct({})}),
        ("Update", {"news": to_struct(kind.inputs)}),
    ):
        with pytest.raises(FailedError, match=r"cannot be (deleted|read|changed) by the offline plugin"):
            provider.call(method, id="x", urn=urn(kind.token, "some"), **fields)
