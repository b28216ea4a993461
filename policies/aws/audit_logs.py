"""Rules about CloudTrail trails, log groups and alarms."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import comes_from, must_name_key
from policies.checks import all_of, exists, find, must_be, must_be_at_least, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule, add_value
from policies.stack import Resource, Stack

TRAIL = "aws:cloudtrail/trail:Trail"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"

_TRAILS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/"
_MINIMUM_DAYS = 30


def _check_log_group(trail: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(trail, stack, "cloudWatchLogsGroupArn", (LOG_GROUP,)):
        yield from must_be_set("cloudWatchLogsGroupArn")(trail.props)


def _check_metric_alarm(metric_filter: Resource, stack: Stack) -> Iterator[str]:
    name = metric_filter.props["metricTransformation"]["name"]
    if not exists(stack.of_type(ALARM), lambda resource: resource.props.get("metricName") == name):
        yield (
            f"metricTransformation.name: no alarm uses the metric; got no MetricAlarm on {name}; expected at least one"
        )


def _check_alarm_action(alarm: Resource, stack: Stack) -> Iterator[str]:
    # Members of a composite alarm are silent, because the composite alarm reports for all of them.
    if not stack.referrers(alarm, (COMPOSITE_ALARM,), "alarmRule"):
        yield from all_of(must_be_set("alarmActions"), must_not_be("actionsEnabled", False))(alarm.inputs)


def _check_data_events(props: Props) -> Iterator[str]:
    paths = ("eventSelectors[*].dataResources[*].type", "advancedEventSelectors[*].fieldSelectors[*].equals[*]")
    recorded = [kind for path in paths for _, kind in find(props, path)]
    if "AWS::S3::Object" not in recorded:
        yield "eventSelectors: object access is not recorded; got no selector for AWS::S3::Object; expected one"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-cloudtrail-trail-require-all-regions",
        types=(TRAIL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Actions in regions outside the trail leave no record.",
        remedy="Set isMultiRegionTrail: true.",
        reference=_TRAILS + "receive-cloudtrail-log-files-from-multiple-regions.html",
        check=must_be("isMultiRegionTrail", True),
    ),
    Rule(
        id="aws-cloudtrail-trail-require-validation",
        types=(TRAIL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without digests, the removal of log entries cannot be detected.",
        remedy="Set enableLogFileValidation: true.",
        reference=_TRAILS + "cloudtrail-log-file-validation-intro.html",
        check=must_be("enableLogFileValidation", True),
        fix=add_value("enableLogFileValidation", True),
    ),
    Rule(
        id="aws-cloudtrail-trail-deny-gaps",
        types=(TRAIL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A stopped trail, or one without IAM events, misses the most important actions.",
        remedy="Set enableLogging and includeGlobalServiceEvents to true, or remove both.",
        reference=_TRAILS + "best-practices-security.html",
        check=all_of(must_not_be("enableLogging", False), must_not_be("includeGlobalServiceEvents", False)),
    ),
    StackRule(
        id="aws-cloudtrail-trail-require-own-key",
        types=(TRAIL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Every reader of the bucket can read all recorded actions, and no key can be revoked.",
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
        why="Log files in a bucket cannot trigger alarms.",
        remedy="Set cloudWatchLogsGroupArn, and add alarms to the log group.",
        reference=_TRAILS + "send-cloudtrail-events-to-cloudwatch-logs.html",
        check=_check_log_group,
    ),
    Rule(
        id="aws-cloudtrail-trail-require-data-events",
        types=(TRAIL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="By default the trail does not record which client read or replaced an object.",
        remedy="Add an entry for AWS::S3::Object to eventSelectors.",
        reference=_TRAILS + "logging-data-events-with-cloudtrail.html",
        check=_check_data_events,
    ),
    Rule(
        id="aws-cloudwatch-loggroup-require-retention",
        types=(LOG_GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Logs without expiry cost money forever, and logs with a short retention are gone before an investigation.",
        remedy=f"Set retentionInDays to at least {_MINIMUM_DAYS}.",
        reference=_LOGS + "Working-with-log-groups-and-streams.html",
        check=must_be_at_least("retentionInDays", _MINIMUM_DAYS),
    ),
    StackRule(
        id="aws-cloudwatch-filter-require-alarm",
        types=(FILTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A metric filter without an alarm counts forbidden events, but alerts no person.",
        remedy="Add a MetricAlarm on metricTransformation.name of the filter.",
        reference="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html",
        check=_check_metric_alarm,
    ),
    StackRule(
        id="aws-cloudwatch-alarm-require-action",
        types=(ALARM, COMPOSITE_ALARM),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An alarm without an action is visible only to users who open the console.",
        remedy="Set alarmActions to a topic, and remove actionsEnabled: false.",
        reference="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html",
        check=_check_alarm_action,
    ),
)
