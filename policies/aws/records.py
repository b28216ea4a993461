"""What is written down on AWS: the trail of calls, logs, alarms."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import comes_from, must_name_key
from policies.checks import both, exists, find, must_be, must_be_at_least, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule, adding
from policies.stack import Resource, Stack

TRAIL = "aws:cloudtrail/trail:Trail"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"

_TRAILS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/"
_LEAST_DAYS = 30


def _is_watched(trail: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(trail, stack, "cloudWatchLogsGroupArn", (LOG_GROUP,)):
        yield from must_be_set("cloudWatchLogsGroupArn")(trail.props)


def _alarms_somebody(counter: Resource, stack: Stack) -> Iterator[str]:
    name = counter.props["metricTransformation"]["name"]
    if not exists(stack.of(ALARM), lambda one: one.props.get("metricName") == name):
        yield f"metricTransformation.name: no alarm is about {name}"


def _tells_somebody(alarm: Resource, stack: Stack) -> Iterator[str]:
    # Parts of a composite alarm are silent, so that it can say once what they would say many times.
    if not stack.pointing_at(alarm, (COMPOSITE_ALARM,), "alarmRule"):
        yield from both(must_be_set("alarmActions"), must_not_be("actionsEnabled", False))(alarm.inputs)


def _records_data(props: Props) -> Iterator[str]:
    paths = ("eventSelectors[*].dataResources[*].type", "advancedEventSelectors[*].fieldSelectors[*].equals[*]")
    recorded = [kind for path in paths for _, kind in find(props, path)]
    if "AWS::S3::Object" not in recorded:
        yield "eventSelectors: no selector is about objects in buckets"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-cloudtrail-trail-require-all-regions",
        types=(TRAIL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Who works in a region that nobody uses works unseen.",
        remedy="Set isMultiRegionTrail: true.",
        reference=_TRAILS + "receive-cloudtrail-log-files-from-multiple-regions.html",
        check=must_be("isMultiRegionTrail", True),
    ),
    Rule(
        id="aws-cloudtrail-trail-require-validation",
        types=(TRAIL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without digests nobody can show that no line was taken out.",
        remedy="Set enableLogFileValidation: true.",
        reference=_TRAILS + "cloudtrail-log-file-validation-intro.html",
        check=must_be("enableLogFileValidation", True),
        fix=adding("enableLogFileValidation", True),
    ),
    Rule(
        id="aws-cloudtrail-trail-deny-gaps",
        types=(TRAIL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A trail that is stopped, or leaves IAM out, is silent where it matters most.",
        remedy="Leave enableLogging and includeGlobalServiceEvents on.",
        reference=_TRAILS + "best-practices-security.html",
        check=both(must_not_be("enableLogging", False), must_not_be("includeGlobalServiceEvents", False)),
    ),
    StackRule(
        id="aws-cloudtrail-trail-require-own-key",
        types=(TRAIL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever may read the bucket reads what everybody did, and no key can be taken away.",
        remedy="Set kmsKeyId to a key of the account.",
        reference=_TRAILS + "encrypting-cloudtrail-log-files-with-aws-kms.html",
        check=must_name_key("kmsKeyId"),
    ),
    StackRule(
        id="aws-cloudtrail-trail-require-watching",
        types=(TRAIL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Files in a bucket alarm nobody.",
        remedy="Set cloudWatchLogsGroupArn, and put alarms on the group.",
        reference=_TRAILS + "send-cloudtrail-events-to-cloudwatch-logs.html",
        check=_is_watched,
    ),
    Rule(
        id="aws-cloudtrail-trail-require-data-events",
        types=(TRAIL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Who read or replaced an object is not in the trail by default.",
        remedy="Add an event selector for data of type AWS::S3::Object.",
        reference=_TRAILS + "logging-data-events-with-cloudtrail.html",
        check=_records_data,
    ),
    Rule(
        id="aws-cloudwatch-loggroup-require-retention",
        types=(LOG_GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Logs without an end cost for ever, and those of a week are gone when somebody asks.",
        remedy=f"Set retentionInDays to at least {_LEAST_DAYS}.",
        reference=_LOGS + "Working-with-log-groups-and-streams.html",
        check=must_be_at_least("retentionInDays", _LEAST_DAYS),
    ),
    StackRule(
        id="aws-cloudwatch-filter-require-alarm",
        types=(FILTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A filter that counts what must not happen, and alarms nobody, is a figure that nobody reads.",
        remedy="Add a MetricAlarm on the filter's metric.",
        reference="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html",
        check=_alarms_somebody,
    ),
    StackRule(
        id="aws-cloudwatch-alarm-require-action",
        types=(ALARM, COMPOSITE_ALARM),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An alarm that tells nobody is a figure on a page that nobody has open.",
        remedy="Name a topic in alarmActions, and leave actionsEnabled on.",
        reference="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
        check=_tells_somebody,
    ),
)
