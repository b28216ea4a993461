"""The frameworks' data: complete, consistent, and no claim beyond what a plan shows."""

from __future__ import annotations

import pytest

from policies import catalogue
from pouw.gate.frameworks import Framework, Grade, State, frameworks, mapping, matrix
from pouw.gate.verdict import Finding, Kind, Verdict

RULES = catalogue.every_rule()
ISO_SIZES = {"5": 37, "6": 8, "7": 14, "8": 34}
SOC2_SIZES = {
    "CC1": 5, "CC2": 3, "CC3": 4, "CC4": 2, "CC5": 3, "CC6": 8, "CC7": 5, "CC8": 1, "CC9": 2,
    "A1": 3, "C1": 2, "PI1": 5, "P1": 1, "P2": 1, "P3": 2, "P4": 3, "P5": 2, "P6": 7, "P7": 1, "P8": 1,
}  # fmt: skip
ORGANISATION_WIDE = ("soc2", "iso27001")
PRIVILEGED = "kubernetes-pods-container-deny-privileged"
URN = "urn:pulumi:local::pouw::kubernetes:apps/v1:Deployment::server"


def test_iso_27001_has_its_93_controls() -> None:
    expected = {f"A.{theme}.{number}" for theme, size in ISO_SIZES.items() for number in range(1, size + 1)}
    assert set(frameworks()["iso27001"].controls) == expected
    assert len(expected) == 93


def test_soc_2_has_its_61_criteria() -> None:
    expected = {f"{group}.{number}" for group, size in SOC2_SIZES.items() for number in range(1, size + 1)}
    assert set(frameworks()["soc2"].controls) == expected
    assert len(expected) == 61


@pytest.mark.parametrize(
    ("framework", "size"), [("cis-aws", 70), ("cis-azure", 127), ("cis-gcp", 93), ("cis-kubernetes", 131)]
)
def test_the_benchmarks_have_all_their_ids(framework: str, size: int) -> None:
    assert len(frameworks()[framework].controls) == size


@pytest.mark.parametrize("framework", ["cis-aws", "cis-azure", "cis-gcp", "cis-kubernetes"])
def test_a_control_in_reach_has_a_unique_title(framework: str) -> None:
    in_reach = [one for one in frameworks()[framework].controls.values() if one.grade is not Grade.OUT_OF_REACH]
    titles = [one.title for one in in_reach]
    assert sorted(title for title in titles if titles.count(title) > 1) == []


@pytest.mark.parametrize(
    ("rule", "control", "subject"),
    [
        ("gcp-sql-instance-deny-open-networks", "6.5", "open to the Internet"),
        ("gcp-sql-instance-deny-public-address", "6.7", "public addresses"),
        ("gcp-sql-instance-require-backups", "6.8", "backed up"),
        ("gcp-sql-instance-deny-unprotected", "6.9", "deletion"),
        ("aws-elb-balancer-require-access-logs", "4.10", "web front ends"),
        ("azure-gateway-listener-require-firewall", "7.10", "application gateways"),
    ],
)
def test_rules_follow_the_numbers_of_the_newest_benchmark(rule: str, control: str, subject: str) -> None:
    """Check controls whose numbers changed with the versions that are listed."""
    framework = f"cis-{rule.partition('-')[0]}"
    assert mapping()[rule].controls[framework] == [control]
    assert subject in frameworks()[framework].controls[control].title


def test_every_mapped_rule_exists() -> None:
    assert sorted(set(mapping()) - set(RULES)) == []


def test_every_rule_is_mapped_or_says_why_it_serves_no_control() -> None:
    assert sorted(set(RULES) - set(mapping())) == []
    assert [rule for rule, mapped in mapping().items() if not mapped.controls and len(mapped.exemption) < 10] == []


@pytest.mark.parametrize("rule", sorted(mapping()))
def test_a_rule_is_mapped_to_controls_that_exist_and_are_in_reach(rule: str) -> None:
    for framework, controls in mapping()[rule].controls.items():
        by_id = frameworks()[framework].controls
        assert set(controls) <= set(by_id), framework
        assert len(set(controls)) == len(controls)
        assert [name for name in controls if by_id[name].grade is Grade.OUT_OF_REACH] == []


@pytest.mark.parametrize("rule", sorted(mapping()))
def test_a_rule_serves_the_benchmark_of_its_own_cloud_only(rule: str) -> None:
    cloud = rule.partition("-")[0]
    assert {name for name in mapping()[rule].controls if name.startswith("cis-")} <= {f"cis-{cloud}"}


@pytest.mark.parametrize("framework", [frameworks()[name] for name in ORGANISATION_WIDE], ids=ORGANISATION_WIDE)
def test_no_plan_claims_to_satisfy_what_a_whole_organisation_has_to_do(framework: Framework) -> None:
    assert [name for name, one in framework.controls.items() if one.grade is Grade.SATISFIES] == []


def test_the_controls_that_a_pipeline_shows_are_fed_from_it() -> None:
    iso, soc2 = frameworks()["iso27001"].controls, frameworks()["soc2"].controls
    kinds = {name: set(iso[name].pipeline) for name in ("A.8.8", "A.8.9", "A.8.25", "A.8.29", "A.8.31", "A.8.32")}
    assert all(kinds.values()), kinds
    assert {"gate", "tests"} <= set(soc2["CC8.1"].pipeline)


def verdict(kind: Kind | None = None, *, ticket: str = "", mandatory: bool = True) -> Verdict:
    if kind is None:
        return Verdict(stack="local", environment="local", passed={PRIVILEGED: [URN]})
    finding = Finding(kind=kind, rule=PRIVILEGED, urn=URN, path="spec", message="is bad", severity="high",
                      mandatory=mandatory, ticket=ticket)  # fmt: skip
    return Verdict(stack="local", environment="local", findings=[finding])


@pytest.mark.parametrize(
    ("run", "state"),
    [
        (verdict(), State.PASSING),
        (verdict(Kind.VIOLATION), State.BROKEN),
        (verdict(Kind.UNEVALUATED), State.OPEN),
        (verdict(Kind.VIOLATION, ticket="OPS-1"), State.WAIVED),
        (verdict(Kind.VIOLATION, mandatory=False), State.ADVISED),
        (Verdict(stack="local", environment="local"), State.NOT_SHOWN),
    ],
    ids=lambda entry: str(entry) if isinstance(entry, State) else "",
)
def test_a_control_is_as_good_as_the_checks_that_serve_it(run: Verdict, state: State) -> None:
    (control,) = [one for one in matrix(run, {}) if (one.framework, one.control) == ("cis-kubernetes", "5.2.2")]
    assert control.state is state
    assert control.grade is Grade.SATISFIES


def test_failing_tests_break_the_controls_that_they_are_evidence_for() -> None:
    good, bad = (
        {one.control: one.state for one in matrix(verdict(), {"tests": ok}) if one.framework == "iso27001"}
        for ok in (True, False)
    )
    assert (good["A.8.29"], bad["A.8.29"]) == (State.PASSING, State.BROKEN)
    assert bad["A.8.34"] is State.OUT_OF_REACH


@pytest.mark.parametrize(
    ("kind", "controls"),
    [
        ("tests", {"A.8.25", "A.8.29", "CC8.1"}),
        ("lint", {"A.8.8", "A.8.25", "A.8.28", "CC8.1"}),
        ("types", {"A.8.25", "A.8.28", "CC8.1"}),
        ("scan", {"A.8.8", "CC7.1"}),
        ("drift", {"A.8.9", "CC7.1"}),
        ("lock", {"A.5.21", "A.8.8", "A.8.19", "CC6.8"}),
    ],
)
def test_a_failed_result_breaks_the_controls_that_it_serves(kind: str, controls: set[str]) -> None:
    states = {entry.control: entry.state for entry in matrix(verdict(), {kind: False})}
    assert {control for control, state in states.items() if state is State.BROKEN} == controls


def test_a_control_says_which_results_it_lacks() -> None:
    missing = {entry.control: entry.missing for entry in matrix(verdict(), {"lint": True, "lock": True})}
    assert (missing["A.8.29"], missing["A.8.8"], missing["A.8.32"]) == (["tests"], ["scan"], [])
