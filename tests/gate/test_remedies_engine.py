"""The pack's own fixes under the real engine, on resources of every cloud that has one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from policies import catalogue, pack_config
from policies.rule import Rule
from pouw.engine.operation import Operation, Request
from pouw.engine.resolution import Engine
from pouw.gate import evaluation, stack_policy
from pouw.gate.evaluation import Evaluation
from pouw.gate.stack_policy import StackPolicy
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.gate.programs import declaring
from tests.policies.analyzer import Declaration

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

CONFIG = {
    "aws:region": "eu-west-1",
    "azure-native:location": "westeurope",
    "azure-native:subscriptionId": "00000000-0000-4000-8000-000000000001",
    "gcp:project": "some-project",
    "gcp:region": "europe-west1",
}
TAGS = {"project": "tiny", "environment": "staging", "site": "rack", "managed-by": "pulumi"}
NODES = {"location": "europe-west1", "initialNodeCount": 1}
WEB: Mapping[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {"name": "web", "image": "web:1", "securityContext": {"capabilities": {"drop": ["ALL"]}}}
                ]
            },
        },
    },
}
PARTS = (
    Declaration(name="key", type="aws:kms/key:Key", props={"tags": TAGS}),
    Declaration(
        name="trail", type="aws:cloudtrail/trail:Trail", props={"s3BucketName": "logs", "kmsKeyId": "${key.id}"}
    ),
    Declaration(name="images", type="aws:ecr/repository:Repository", props={"tags": {"owner": "me"}}),
    Declaration(
        name="way", type="azure-native:network:NatGateway", props={"resourceGroupName": "some", "zones": ["1"]}
    ),
    Declaration(name="topic", type="gcp:pubsub/topic:Topic", props={}),
    Declaration(name="cluster", type="gcp:container/cluster:Cluster", props=NODES),
    Declaration(name="mail", type="gcp:monitoring/notificationChannel:NotificationChannel", props={"type": "email"}),
    Declaration(name="web", type="kubernetes:apps/v1:Deployment", props=WEB),
)
ALL_TAGS = {f"tags.{name}" for name in TAGS}
ALL_LABELS = {f"labels.{name}" for name in TAGS}
ADDITIONS = {
    ("aws-kms-key-require-rotation", "key"): {"enableKeyRotation"},
    ("aws-cloudtrail-trail-require-validation", "trail"): {"enableLogFileValidation"},
    ("aws-tags-resource-require-owner", "trail"): ALL_TAGS,
    ("aws-ecr-repository-require-scan", "images"): {"imageScanningConfiguration.scanOnPush"},
    ("aws-tags-resource-require-owner", "images"): ALL_TAGS,
    ("azure-tags-resource-require-owner", "way"): ALL_TAGS,
    ("gcp-labels-resource-require-owner", "topic"): ALL_LABELS,
    ("gcp-labels-cluster-require-owner", "cluster"): {f"resourceLabels.{name}" for name in TAGS},
    ("gcp-labels-alarm-require-owner", "mail"): {f"userLabels.{name}" for name in TAGS},
    ("kubernetes-pods-container-deny-escalation", "web"): {
        "spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation"
    },
}
Judge = Callable[[bool], Evaluation]


@pytest.fixture
def judge(engine: Engine, make_project: MakeProject) -> Judge:
    """Previews the parts in a stack that lets rules add what is missing, or does not."""
    project = declaring(make_project, PARTS, CONFIG)
    rules = catalogue.every_rule()

    def run(remediate: bool) -> Evaluation:
        configuration = {
            "environment": "staging",
            "remediate": remediate,
            "settings": {"environment": "staging", "sites": [{"name": "rack"}], "balancer": {"exposure": {}}},
        }
        config = pack_config.parse(configuration, rules)
        strict = StackPolicy(
            stack="local", configuration=configuration, config=config, waivers=(), today=stack_policy.utc_today()
        )
        request = Request(operation=Operation.PREVIEW, stack="local")
        return evaluation.evaluate(
            request, engine, SilentProgress(), strict, home=Home.from_environment(os.environ), project=project
        )

    return run


def findings_of(result: Evaluation) -> set[tuple[str, str]]:
    """Rule and resource of every finding."""
    return {(one.rule, one.urn.rpartition("::")[2]) for one in result.verdict.findings}


def inputs(result: Evaluation) -> Mapping[str, Any]:
    """Return the inputs that the engine planned, by resource."""
    return {one.subject.name: one.after for one in result.outcome.steps}


def test_every_fix_of_the_pack_corrects_its_resource_only(judge: Judge) -> None:
    before, after = judge(False), judge(True)
    assert (before.verdict.gaps, after.verdict.gaps) == ([], [])
    assert before.verdict.remedies == []
    assert {(one.rule, one.urn.rpartition("::")[2]): set(one.paths) for one in after.verdict.remedied} == ADDITIONS
    assert {rule for rule, _ in ADDITIONS} == {
        rule.id for rule in catalogue.every_rule().values() if isinstance(rule, Rule) and rule.fix
    }
    assert findings_of(before) - findings_of(after) == set(ADDITIONS)
    assert findings_of(after) <= findings_of(before)
    after_inputs = inputs(after)
    assert after_inputs["trail"]["enableLogFileValidation"] is True
    assert after_inputs["images"]["tags"] == {"owner": "me", **TAGS}
    assert after_inputs["topic"]["labels"] == TAGS
    assert after_inputs["trail"]["kmsKeyId"] == inputs(before)["trail"]["kmsKeyId"]
