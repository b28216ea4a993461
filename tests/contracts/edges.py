"""Whom an edge serves, told by asking the rules that it declares: each cloud's firewall in a few lines."""

from __future__ import annotations

import ast
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.contracts.posture import CLIENTS, at, of
from tests.infra.recorder import Recorded


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; ``address`` is where it comes from."""

    address: str
    path: str
    method: str


Firewall = Callable[[Sequence[Recorded], Request], bool]
"""Whether a request is served."""

_CLIENT: Final = str(next(ipaddress.IPv4Network(CLIENTS[0]).hosts()))
_STRANGER: Final = "203.0.113.77"
EXPECTED: Final = (
    (Request(address=_CLIENT, path="/", method="POST"), True),
    (Request(address=_CLIENT, path="/ready", method="GET"), True),
    (Request(address=_STRANGER, path="/ready", method="GET"), True),
    (Request(address=_STRANGER, path="/ready", method="HEAD"), True),
    (Request(address=_STRANGER, path="/ready", method="POST"), False),
    (Request(address=_STRANGER, path="/ready/x", method="GET"), False),
    (Request(address=_STRANGER, path="/", method="POST"), False),
    (Request(address=_STRANGER, path="/ws", method="GET"), False),
)


def served_wrongly(found: Sequence[Recorded], firewall: Firewall) -> Iterator[str]:
    """Requests that are served and should not be, or the other way round."""
    for request, expected in EXPECTED:
        if firewall(found, request) is not expected:
            yield f"{request.method} {request.path} from {request.address}: served is {not expected}"


def _within(address: str, ranges: Sequence[str]) -> bool:
    return any(ipaddress.IPv4Address(address) in ipaddress.IPv4Network(one) for one in ranges)


def aws(found: Sequence[Recorded], request: Request) -> bool:
    """What a security group lets in and no rule of the web firewall blocks."""
    ways = [one.inputs for one in of(found, "SecurityGroupIngressRule") if one.inputs.get("cidrIpv4")]
    clients = [address for one in of(found, "IpSet") for address in one.inputs["addresses"]]
    rules = [rule for one in of(found, "WebAcl") for rule in one.inputs["rules"]]
    blocking = [rule["statement"] for rule in rules if "block" in (rule.get("action") or {})]
    blocked = any(_blocks(statement, request, clients) for statement in blocking)
    return _within(request.address, [way["cidrIpv4"] for way in ways]) and not blocked


def _blocks(statement: Mapping[str, Any], request: Request, clients: Sequence[str]) -> bool:
    [(kind, told)] = statement.items()
    match kind:
        case "andStatement":
            return all(_blocks(one, request, clients) for one in told["statements"])
        case "notStatement":
            return not _blocks(told["statement"], request, clients)
        case "ipSetReferenceStatement":
            return _within(request.address, clients)
        case "byteMatchStatement":
            return bool(told["positionalConstraint"] == "EXACTLY" and told["searchString"] == request.path)
        case "regexMatchStatement":
            return re.search(told["regexString"], request.method) is not None
    return False


def azure(found: Sequence[Recorded], request: Request) -> bool:
    """What no custom rule blocks."""
    rules = [rule for one in of(found, "Policy") for rule in one.inputs["customRules"]["rules"]]
    return bool(rules) and not any(
        all(_matches(condition, request) for condition in rule["matchConditions"])
        for rule in rules
        if rule["ruleType"] == "MatchRule"
    )


def _matches(condition: Mapping[str, Any], request: Request) -> bool:
    values = condition["matchValue"]
    match condition["matchVariable"]:
        case "SocketAddr":
            found = _within(request.address, values)
        case "RequestMethod":
            found = request.method in values
        case _:
            uri = f"https://rpc.pouw.example.org:443{request.path}"
            found = any(re.search(pattern, uri) is not None for pattern in values)
    return found is not bool(condition.get("negateCondition"))


def gcp(found: Sequence[Recorded], request: Request) -> bool:
    """What the first rule that fits lets in."""
    rules = [rule for one in of(found, "SecurityPolicy") for rule in one.inputs["rules"]]
    fitting = [rule for rule in rules if _fits(rule["match"], request)]
    first = min(fitting, key=lambda rule: int(rule["priority"]), default={"action": "deny"})
    return not str(first["action"]).startswith("deny")


def _fits(match: Mapping[str, Any], request: Request) -> bool:
    ranges = at(match, "config", "srcIpRanges")
    if ranges is not None:
        return "*" in ranges or _within(request.address, ranges)
    text = str(at(match, "expr", "expression"))
    if "evaluatePreconfiguredWaf" in text:
        return False
    told = {"path": request.path, "method": request.method}
    decided = re.sub(r"request\.(\w+) == '([^']*)'", lambda one: str(told[one[1]] == one[2]), text)
    return _holds(ast.parse(decided.replace("&&", "and").replace("||", "or"), mode="eval").body)


def _holds(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(_holds, values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_holds, values))
    raise AssertionError(f"{ast.dump(node)}: an expression that the test cannot read")
