"""The cluster of a site, as it is declared."""

from __future__ import annotations

import json

from infra.aws import addons
from infra.aws.cluster import client_configuration, reachability
from infra.aws.settings import AwsCluster
from tests.infra.aws.compliant_site import SITE, compliant, record_site, settings
from tests.infra.clouds import kind


def test_the_api_server_is_private_without_an_allow_list() -> None:
    assert reachability(AwsCluster()) == {"endpoint_private_access": True, "endpoint_public_access": False}
    restricted = reachability(AwsCluster(api_allow_from=("198.51.100.0/24",)))
    assert restricted["endpoint_public_access"] is True
    assert restricted["public_access_cidrs"] == ["198.51.100.0/24"]


def test_the_kubeconfig_asks_for_a_token_and_holds_no_credential() -> None:
    created = client_configuration("pouw", "https://cluster.example", "Y2VydA==", region="us-east-1")
    [user] = created["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    assert not any(word in json.dumps(created) for word in ("token:", "password", "client-key"))


def test_only_access_entries_grant_access_to_the_cluster() -> None:
    [cluster] = kind(compliant(), "Cluster")
    assert cluster.inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    groups = {
        resource.inputs["principalArn"]: resource.inputs.get("kubernetesGroups")
        for resource in kind(compliant(), "AccessEntry")
    }
    [administrator] = SITE["cluster"]["administrators"]
    assert groups.pop(administrator) is None
    assert list(groups.values()) == [["pouw-observers"]]


def test_only_the_administrators_of_the_settings_administer_the_cluster() -> None:
    rights = [resource.inputs for resource in kind(compliant(), "AccessPolicyAssociation")]
    assert [resource["principalArn"] for resource in rights] == list(SITE["cluster"]["administrators"])
    assert [resource["accessScope"] for resource in rights] == [{"type": "cluster"}]
    assert rights[0]["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")


def test_an_add_on_has_its_reviewed_version_or_that_of_the_settings() -> None:
    reviewed = addons.REVIEWED["1.34"]
    assert {
        resource.inputs["addonName"]: resource.inputs["addonVersion"] for resource in kind(compliant(), "Addon")
    } == reviewed
    stack = settings({"cluster": {**SITE["cluster"], "addons": {"coredns": "v1.14.3-eksbuild.3"}}})
    resources = {
        resource.inputs["addonName"]: resource.inputs["addonVersion"] for resource in kind(record_site(stack), "Addon")
    }
    assert resources == {**reviewed, "coredns": "v1.14.3-eksbuild.3"}


def test_every_version_that_was_reviewed_has_all_add_ons() -> None:
    assert all(set(versions) == set(addons.ADDONS) for versions in addons.REVIEWED.values())
    assert AwsCluster().version in addons.REVIEWED


def test_networking_enforces_policies_and_every_add_on_is_ours() -> None:
    resources = compliant()
    addons = {resource.inputs["addonName"]: resource.inputs for resource in kind(resources, "Addon")}
    assert set(addons) == {"aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"}
    assert json.loads(addons["vpc-cni"]["configurationValues"]) == {"enableNetworkPolicy": "true"}
    assert kind(resources, "Cluster")[0].inputs["bootstrapSelfManagedAddons"] is False


def test_add_ons_that_speak_to_aws_have_a_role_of_their_own() -> None:
    addons = kind(compliant(), "Addon")
    assert {resource.inputs["addonName"] for resource in addons if resource.inputs.get("podIdentityAssociations")} == {
        "aws-ebs-csi-driver",
        "vpc-cni",
    }
