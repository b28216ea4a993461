"""AWS. Limits and values: the API references and quota pages of each service, as of the SDK's release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud import Answer, Cloud, Facts, Name
from pouw.engine.plugins.offline.formats import address, cidr, cidr4, cidr6, matching
from pouw.engine.plugins.offline.settings import Settings, text

ACCOUNT: Final = "000000000000"
"""The account of answers and rehearsals where the configuration names none: no real account has this number."""
ZONES: Final[Mapping[str, str]] = {
    "af-south-1": "abc",
    "ap-east-1": "abc",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ap-northeast-3": "abc",
    "ap-south-1": "abc",
    "ap-south-2": "abc",
    "ap-southeast-1": "abc",
    "ap-southeast-2": "abc",
    "ap-southeast-3": "abc",
    "ap-southeast-4": "abc",
    "ca-central-1": "abd",
    "ca-west-1": "abc",
    "eu-central-1": "abc",
    "eu-central-2": "abc",
    "eu-north-1": "abc",
    "eu-south-1": "abc",
    "eu-south-2": "abc",
    "eu-west-1": "abc",
    "eu-west-2": "abc",
    "eu-west-3": "abc",
    "il-central-1": "abc",
    "me-central-1": "abc",
    "me-south-1": "abc",
    "sa-east-1": "abc",
    "us-east-1": "abcdef",
    "us-east-2": "abc",
    "us-west-1": "bc",
    "us-west-2": "abcd",
}
"""Availability zones of each region, by their letters."""


def zone(value: str, settings: Settings) -> str:
    """An availability zone of the provider's region; local zones carry a place between region and letter."""
    region = settings.region
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d(-[a-z]+-\d)?[a-z]", value):
        return "must be an availability zone such as eu-west-1a"
    if region and not value.startswith(region):
        return f"must be a zone of {region}, the provider's region"
    letters = ZONES.get(region, "")
    if letters and value.removeprefix(region) not in letters and "-" not in value.removeprefix(region):
        return f"must be one of {', '.join(region + letter for letter in letters)}"
    return ""


def region(value: str, settings: Settings) -> str:
    """A region."""
    del settings
    if value in ZONES or re.fullmatch(r"(us-gov|cn|us-iso[a-z]*|eu-isoe|eusc)-[a-z]+(-[a-z]+)?-\d", value):
        return ""
    return f"must be a region: {', '.join(ZONES)}"


arn = matching(
    r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}|aws)?:.+", "an ARN: arn:aws:service:region:account:resource"
)
account = matching(r"\d{12}", "an account number of 12 digits")


def _id(prefix: str) -> Facts:
    return Facts(id=f"{prefix}-{{hash17}}")


_SLUG = r"[A-Za-z0-9-]+"
_BUCKET = Name(
    property="bucket",
    shortest=3,
    longest=63,
    pattern=r"(?!xn--|sthree-)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9](?<!-s3alias)",
    rule="lower-case letters, digits, hyphens and single dots, with a letter or digit at both ends",
    lower=True,
)
_BALANCER = Name(longest=32, pattern=r"(?!-|internal-)[A-Za-z0-9-]+(?<!-)", rule="letters, digits and inner hyphens")
_ROLE = Name(longest=64, pattern=r"[\w+=,.@-]+", rule="letters, digits and any of +=,.@_-")
_POLICY = Name(longest=128, pattern=r"[\w+=,.@-]+", rule="letters, digits and any of +=,.@_-")

FACTS: Final[Mapping[str, Facts]] = {
    "aws:ec2/vpc:Vpc": Facts(
        replaces=["cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"],
        values={"instanceTenancy": ["default", "dedicated"]},
        formats={"cidrBlock": cidr4},
        id="vpc-{hash17}",
    ),
    "aws:ec2/subnet:Subnet": Facts(
        replaces=["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv6Native", "outpostArn"],
        formats={"cidrBlock": cidr4},
        id="subnet-{hash17}",
    ),
    "aws:ec2/internetGateway:InternetGateway": _id("igw"),
    "aws:ec2/natGateway:NatGateway": Facts(
        replaces=["allocationId", "connectivityType", "privateIp", "subnetId"],
        values={"connectivityType": ["public", "private"]},
        id="nat-{hash17}",
    ),
    "aws:ec2/eip:Eip": Facts(
        replaces=["address", "domain", "networkBorderGroup", "publicIpv4Pool"],
        values={"domain": ["vpc", "standard"]},
        computed={"allocationId": "{id}", "publicIp": "{address}"},
        id="eipalloc-{hash17}",
    ),
    "aws:ec2/routeTable:RouteTable": Facts(replaces=["vpcId"], id="rtb-{hash17}"),
    "aws:ec2/route:Route": Facts(
        replaces=["routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"],
        id="r-{routeTableId}{hash8}",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Facts(
        replaces=["subnetId", "gatewayId"], id="rtbassoc-{hash17}"
    ),
    "aws:ec2/securityGroup:SecurityGroup": Facts(
        replaces=["description", "name", "namePrefix", "vpcId"],
        name=Name(
            longest=255, pattern=r"(?!sg-)[\w .\-:/()#,@\[\]+=&;{}!$*]+", rule="a name that does not begin with sg-"
        ),
        id="sg-{hash17}",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Facts(replaces=["securityGroupId"], id="sgr-{hash17}"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Facts(replaces=["securityGroupId"], id="sgr-{hash17}"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Facts(
        replaces=["vpcId", "serviceName", "vpcEndpointType", "serviceRegion"],
        values={"vpcEndpointType": ["Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"]},
        id="vpce-{hash17}",
    ),
    "aws:ec2/flowLog:FlowLog": Facts(
        replaces=[
            "deliverCrossAccountRole",
            "destinationOptions",
            "eniId",
            "iamRoleArn",
            "logDestination",
            "logDestinationType",
            "logFormat",
            "maxAggregationInterval",
            "subnetId",
            "trafficType",
            "vpcId",
        ],
        values={
            "logDestinationType": ["cloud-watch-logs", "s3", "kinesis-data-firehose"],
            "trafficType": ["ACCEPT", "REJECT", "ALL"],
        },
        id="fl-{hash17}",
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Facts(
        values={"metadataOptions.httpTokens": ["optional", "required"]},
        name=Name(shortest=3, longest=128, pattern=r"[\w().\-/]+", rule="letters, digits and any of ().-/_"),
        computed={"latestVersion": 1, "defaultVersion": 1},
        id="lt-{hash17}",
    ),
    "aws:eks/cluster:Cluster": Facts(
        replaces=[
            "name",
            "roleArn",
            "bootstrapSelfManagedAddons",
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "encryptionConfig.provider.keyArn",
            "encryptionConfig.resources",
            "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr",
            "outpostConfig",
        ],
        values={
            "accessConfig.authenticationMode": ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"],
            "enabledClusterLogTypes[*]": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            "encryptionConfig.resources[*]": ["secrets"],
            "kubernetesNetworkConfig.ipFamily": ["ipv4", "ipv6"],
            "upgradePolicy.supportType": ["STANDARD", "EXTENDED"],
        },
        formats={"version": matching(r"1\.\d+", "a Kubernetes minor version such as 1.34")},
        name=Name(longest=100, pattern=r"[0-9A-Za-z][\w-]*", rule="letters, digits, hyphens and underscores"),
        computed={
            "endpoint": "https://{hash32upper}.gr7.{region}.eks.amazonaws.com",
            "certificateAuthority": {"data": "{certificate}"},
            "identities": [{"oidcs": [{"issuer": "https://oidc.eks.{region}.amazonaws.com/id/{hash32upper}"}]}],
            "platformVersion": "eks.1",
            "status": "ACTIVE",
            "vpcConfig.clusterSecurityGroupId": "sg-{hash17}",
            "vpcConfig.vpcId": "vpc-{hash17}",
        },
        protects="deletionProtection",
        id="{name}",
    ),
    "aws:eks/nodeGroup:NodeGroup": Facts(
        replaces=[
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "launchTemplate.id",
            "launchTemplate.name",
            "nodeGroupName",
            "nodeRoleArn",
            "remoteAccess",
            "subnetIds",
        ],
        values={"capacityType": ["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]},
        name=Name(property="nodeGroupName", longest=63, pattern=r"[0-9A-Za-z][\w-]*", rule="letters, digits, - and _"),
        computed={"status": "ACTIVE"},
        id="{clusterName}:{nodeGroupName}",
    ),
    "aws:eks/addon:Addon": Facts(
        replaces=["addonName", "clusterName"],
        values={
            "resolveConflictsOnCreate": ["NONE", "OVERWRITE"],
            "resolveConflictsOnUpdate": ["NONE", "OVERWRITE", "PRESERVE"],
        },
        id="{clusterName}:{addonName}",
    ),
    "aws:eks/accessEntry:AccessEntry": Facts(
        replaces=["clusterName", "principalArn", "type"],
        values={
            "type": ["STANDARD", "EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX"]
        },
        id="{clusterName}:{principalArn}",
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Facts(
        replaces=["clusterName", "policyArn", "principalArn", "accessScope"],
        values={"accessScope.type": ["cluster", "namespace"]},
        id="{clusterName}#{principalArn}#{policyArn}",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Facts(
        replaces=["clusterName", "namespace", "serviceAccount"], id="a-{hash17}"
    ),
    "aws:ecr/repository:Repository": Facts(
        replaces=["name", "encryptionConfigurations"],
        values={
            "imageTagMutability": ["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"],
            "encryptionConfigurations[*].encryptionType": ["AES256", "KMS", "KMS_DSSE"],
        },
        name=Name(
            shortest=2,
            longest=256,
            pattern=r"[a-z0-9]+(?:[._/-][a-z0-9]+)*",
            rule="lower-case letters and digits, parted by single . _ - or /",
            lower=True,
        ),
        computed={"registryId": "{account}", "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}"},
        id="{name}",
    ),
    "aws:iam/role:Role": Facts(
        replaces=["name", "namePrefix", "path"],
        name=_ROLE,
        computed={"arn": "arn:aws:iam::{account}:role/{name}"},
        id="{name}",
    ),
    "aws:iam/policy:Policy": Facts(
        replaces=["name", "namePrefix", "path", "description"],
        name=_POLICY,
        computed={"arn": "arn:aws:iam::{account}:policy/{name}"},
        id="arn:aws:iam::{account}:policy/{name}",
    ),
    "aws:iam/rolePolicy:RolePolicy": Facts(replaces=["name", "role"], name=_POLICY, id="{role}:{name}"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Facts(replaces=["role", "policyArn"], id="{role}-{hash17}"),
    "aws:iam/instanceProfile:InstanceProfile": Facts(replaces=["name", "path"], name=_POLICY, id="{name}"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Facts(replaces=["url"], id="{arn}"),
    "aws:kms/key:Key": Facts(
        replaces=["customKeyStoreId", "keyUsage", "customerMasterKeySpec", "multiRegion", "xksKeyId"],
        values={
            "keyUsage": ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"],
            "customerMasterKeySpec": [
                "SYMMETRIC_DEFAULT",
                "RSA_2048",
                "RSA_3072",
                "RSA_4096",
                "HMAC_224",
                "HMAC_256",
                "HMAC_384",
                "HMAC_512",
                "ECC_NIST_P256",
                "ECC_NIST_P384",
                "ECC_NIST_P521",
                "ECC_SECG_P256K1",
                "ECC_NIST_EDWARDS25519",
                "ML_DSA_44",
                "ML_DSA_65",
                "ML_DSA_87",
                "SM2",
            ],
        },
        computed={"keyId": "{uuid}", "arn": "arn:aws:kms:{region}:{account}:key/{uuid}"},
        id="{uuid}",
    ),
    "aws:kms/alias:Alias": Facts(
        replaces=["name"],
        name=Name(longest=256, pattern=r"alias/(?!aws/)[\w/-]+", rule="alias/ and letters, digits and any of /_-"),
        id="{name}",
    ),
    "aws:s3/bucket:Bucket": Facts(
        replaces=["bucket", "bucketPrefix", "objectLockEnabled"],
        name=_BUCKET,
        unique=True,
        computed={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        },
        id="{bucket}",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Facts(
        replaces=["bucket"],
        values={"versioningConfiguration.status": ["Enabled", "Suspended", "Disabled"]},
        id="{bucket}",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Facts(
        replaces=["bucket"],
        values={"rules[*].applyServerSideEncryptionByDefault.sseAlgorithm": ["AES256", "aws:kms", "aws:kms:dsse"]},
        id="{bucket}",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Facts(replaces=["bucket"], id="{bucket}"),
    "aws:s3/bucketPolicy:BucketPolicy": Facts(replaces=["bucket"], id="{bucket}"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Facts(
        replaces=["bucket"], values={"rules[*].status": ["Enabled", "Disabled"]}, id="{bucket}"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": Facts(
        replaces=["bucket"],
        values={"objectLockEnabled": ["Enabled"], "rule.defaultRetention.mode": ["COMPLIANCE", "GOVERNANCE"]},
        id="{bucket}",
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": Facts(replaces=["bucket"], id="{bucket}"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Facts(
        replaces=["bucket"],
        values={"rule.objectOwnership": ["BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"]},
        id="{bucket}",
    ),
    "aws:lb/loadBalancer:LoadBalancer": Facts(
        replaces=["name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"],
        values={
            "loadBalancerType": ["application", "network", "gateway"],
            "ipAddressType": ["ipv4", "dualstack", "dualstack-without-public-ipv4"],
        },
        name=_BALANCER,
        computed={
            "arn": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/net/{name}/{hash16}",
            "dnsName": "{name}-{hash16}.elb.{region}.amazonaws.com",
            "zoneId": "Z{hash12upper}",
        },
        protects="enableDeletionProtection",
        id="{arn}",
    ),
    "aws:lb/targetGroup:TargetGroup": Facts(
        replaces=["name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"],
        values={
            "protocol": ["GENEVE", "HTTP", "HTTPS", "TCP", "TCP_UDP", "TLS", "UDP", "QUIC", "TCP_QUIC"],
            "targetType": ["instance", "ip", "lambda", "alb"],
        },
        name=_BALANCER,
        computed={"arn": "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hash16}"},
        id="{arn}",
    ),
    "aws:lb/listener:Listener": Facts(
        replaces=["loadBalancerArn"],
        values={"protocol": ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"]},
        id="{arn}",
    ),
    "aws:acm/certificate:Certificate": Facts(
        replaces=[
            "domainName",
            "subjectAlternativeNames",
            "validationMethod",
            "keyAlgorithm",
            "certificateAuthorityArn",
        ],
        values={"validationMethod": ["DNS", "EMAIL", "NONE"]},
        computed={
            "arn": "arn:aws:acm:{region}:{account}:certificate/{uuid}",
            "domainValidationOptions": [
                {
                    "domainName": "{domainName}",
                    "resourceRecordName": "_{hash32}.{domainName}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_{hash32}.acm-validations.aws.",
                }
            ],
            "status": "PENDING_VALIDATION",
        },
        id="{arn}",
    ),
    "aws:route53/zone:Zone": Facts(
        replaces=["name", "delegationSetId"],
        computed={"nameServers": ["ns-1.awsdns-rehearsal.invalid"], "zoneId": "{id}"},
        id="Z{hash17upper}",
    ),
    "aws:route53/record:Record": Facts(
        replaces=["name", "type", "zoneId", "setIdentifier"], id="{zoneId}_{name}_{type}"
    ),
    "aws:route53/healthCheck:HealthCheck": Facts(
        replaces=["ipAddress", "measureLatency", "requestInterval", "type", "referenceName"],
        values={
            "type": [
                "HTTP",
                "HTTPS",
                "HTTP_STR_MATCH",
                "HTTPS_STR_MATCH",
                "TCP",
                "CALCULATED",
                "CLOUDWATCH_METRIC",
                "RECOVERY_CONTROL",
            ]
        },
        id="{uuid}",
    ),
    "aws:wafv2/webAcl:WebAcl": Facts(
        replaces=["name", "namePrefix", "scope"],
        values={"scope": ["REGIONAL", "CLOUDFRONT"]},
        name=Name(longest=128, pattern=r"[\w-]+", rule="letters, digits, hyphens and underscores"),
        id="{uuid}",
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Facts(
        replaces=["resourceArn", "webAclArn"], id="{webAclArn},{resourceArn}"
    ),
    "aws:backup/vault:Vault": Facts(
        replaces=["name", "kmsKeyArn"],
        name=Name(shortest=2, longest=50, pattern=r"[A-Za-z0-9_-]+", rule="letters, digits, hyphens and underscores"),
        id="{name}",
    ),
    "aws:backup/plan:Plan": Facts(id="{uuid}"),
    "aws:backup/selection:Selection": Facts(replaces=["iamRoleArn", "name", "planId", "resources"], id="{uuid}"),
    "aws:budgets/budget:Budget": Facts(
        replaces=["name", "namePrefix", "accountId"],
        values={
            "budgetType": [
                "COST",
                "USAGE",
                "SAVINGS_PLANS_UTILIZATION",
                "SAVINGS_PLANS_COVERAGE",
                "RI_UTILIZATION",
                "RI_COVERAGE",
            ],
            "timeUnit": ["MONTHLY", "QUARTERLY", "ANNUALLY", "DAILY", "CUSTOM"],
        },
        name=Name(longest=100, pattern=r"[^:\\]+", rule="a text without : and \\"),
        id="{account}:{name}",
    ),
    "aws:cloudwatch/logGroup:LogGroup": Facts(
        replaces=["name", "namePrefix", "logGroupClass"],
        values={"logGroupClass": ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]},
        name=Name(longest=512, pattern=r"[\w./#-]+", rule="letters, digits and any of ./#_-"),
        id="{name}",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Facts(replaces=["name"], name=Name(longest=255), id="{name}"),
    "aws:sns/topic:Topic": Facts(
        replaces=["name", "namePrefix", "fifoTopic"],
        name=Name(longest=256, pattern=r"[\w-]+(\.fifo)?", rule="letters, digits, hyphens and underscores"),
        id="{arn}",
    ),
    "aws:sqs/queue:Queue": Facts(
        replaces=["name", "namePrefix", "fifoQueue"],
        name=Name(longest=80, pattern=r"[\w-]+(\.fifo)?", rule="letters, digits, hyphens and underscores"),
        id="https://sqs.{region}.amazonaws.com/{account}/{name}",
    ),
    "aws:secretsmanager/secret:Secret": Facts(
        replaces=["name", "namePrefix"],
        name=Name(longest=512, pattern=r"[\w/+=.@-]+", rule="letters, digits and any of /_+=.@-"),
        id="{arn}",
    ),
    "aws:autoscaling/group:Group": Facts(replaces=["name", "namePrefix"], name=Name(longest=255), id="{name}"),
}


def _name_of(described: ResourceType) -> Name | None:
    given, read = described.inputs.get("name"), described.outputs.get("name")
    return Name() if given is not None and read is not None and not given.required and read.required else None


def _settings(values: Mapping[str, Value]) -> Settings:
    tags = values.get("defaultTags")
    allowed = values.get("allowedAccountIds")
    named = allowed[0] if isinstance(allowed, list) and len(allowed) == 1 and isinstance(allowed[0], str) else ACCOUNT
    return Settings(
        account=named,
        region=text(values, "region"),
        tags=(tags.get("tags") or {}) if isinstance(tags, dict) else {},
    )


def _caller(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    return {
        "id": settings.account,
        "accountId": settings.account,
        "arn": f"arn:aws:iam::{settings.account}:user/offline",
        "userId": "AIDAOFFLINE",
    }


def _region(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    name = arguments.get("region") or arguments.get("name") or settings.region
    if not name:
        raise ProviderError("aws:index/getRegion:getRegion: the provider has no region; set aws:region")
    return {"id": name, "name": name, "region": name, "description": name, "endpoint": f"ec2.{name}.amazonaws.com"}


def _partition(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    name = {"us-gov": "aws-us-gov", "cn": "aws-cn"}.get(settings.region.rsplit("-", 2)[0], "aws")
    suffix = "amazonaws.com.cn" if name == "aws-cn" else "amazonaws.com"
    return {
        "id": name,
        "partition": name,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _zones(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    where = str(arguments.get("region") or settings.region)
    letters = ZONES.get(where)
    if letters is None:
        raise ProviderError(
            f"aws:index/getAvailabilityZones: the zones of {where or 'no region'} are not known offline"
        )
    return {
        "id": where,
        "region": where,
        "names": [where + letter for letter in letters],
        "zoneIds": [f"{where}-az{index}" for index, _ in enumerate(letters, start=1)],
        "groupNames": [where],
        **{name: value for name, value in arguments.items() if name in ("state", "filters", "allAvailabilityZones")},
    }


def _policy_document(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    from pouw.engine.plugins.offline.clouds.aws_policies import document

    del settings
    rendered = document(arguments)
    return {**arguments, "id": "offline", "json": rendered, "minifiedJson": rendered}


ANSWERS: Final[Mapping[str, Answer]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}


def _identify(described: ResourceType, outputs: Mapping[str, Value], settings: Settings) -> str:
    del described, settings
    name = outputs.get("name")
    return name if isinstance(name, str) else "{hash17}"


CLOUD: Final = Cloud(
    package="aws",
    title="AWS",
    facts=FACTS,
    replaces=["region"],
    formats=[
        (r"(\w+I|i)pv6CidrBlocks?|ipv6Cidr|cidrIpv6", cidr6),
        (r"\w*[cC]idrBlocks?|cidrIpv4|\w+Cidrs", cidr),
        (r"availabilityZones?", zone),
        (r"region", region),
        (r"\w+Arn|\w+Arns", arn),
        (r"(allowed|forbidden)AccountIds|accountId|owningAccountId", account),
        (r"privateIp|publicIp", address),
    ],
    open_enums=frozenset({"InstanceType", "InstancePlatform", "EngineType", "Runtime", "ManagedPolicy", "Region"}),
    name_of=_name_of,
    answers=ANSWERS,
    settings=_settings,
    identify=_identify,
    credentials=("AWS_",),
)
