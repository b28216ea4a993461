"""A model of each cloud's web firewall, which decides from the declared rules if an edge serves a request."""

from __future__ import annotations

import ast
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.contracts.security_baseline import CLIENTS, lookup, of_kind
from tests.infra.recorder import Recorded


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; ``address`` is where it comes from."""

    address: str
    path: str
    method: str


Firewall = Callable[[Sequence[Recorded], Request], bool]
"""A function that returns True if the rules serve a request."""

_CLIENT: Final = str(next(ipaddress.IPv4Network(CLIENTS[0]).hosts()))
_OTHER_ADDRESS: Final = "203.0.113.77"
EXPECTED: Final = (
    (Request(address=_CLIENT, path="/", method="POST"), True),
    (Request(address=_CLIENT, path="/ready", method="GET"), True),
    (Request(address=_OTHER_ADDRESS, path="/ready", method="GET"), True),
    (Request(address=_OTHER_ADDRESS, path="/ready", method="HEAD"), True),
    (Request(address=_OTHER_ADDRESS, path="/ready", method="POST"), False),
    (Request(address=_OTHER_ADDRESS, path="/ready/x", method="GET"), False),
    (Request(address=_OTHER_ADDRESS, path="/", method="POST"), False),
    (Request(address=_OTHER_ADDRESS, path="/ws", method="GET"), False),
)


def served_wrongly(resources: Sequence[Recorded], firewall: Firewall) -> Iterator[str]:
    """Yield the requests that are served or refused contrary to ``EXPECTED``."""
    for request, expected in EXPECTED:
        if firewall(resources, request) is not expected:
            yield f"{request.method} {request.path} from {request.address}: served is {not expected}"


def _within(address: str, ranges: Sequence[str]) -> bool:
    return any(ipaddress.IPv4Address(address) in ipaddress.IPv4Network(cidr) for cidr in ranges)


def aws(resources: Sequence[Recorded], request: Request) -> bool:
    """True if the security group admits the request and no rule of the web ACL blocks it."""
    ingress_rules = [
        resource.inputs
        for resource in of_kind(resources, "SecurityGroupIngressRule")
        if resource.inputs.get("cidrIpv4")
    ]
    clients = [address for resource in of_kind(resources, "IpSet") for address in resource.inputs["addresses"]]
    rules = [rule for resource in of_kind(resources, "WebAcl") for rule in resource.inputs["rules"]]
    blocking = [rule["statement"] for rule in rules if "block" in (rule.get("action") or {})]
    blocked = any(_blocks(statement, request, clients) for statement in blocking)
    return _within(request.address, [rule["cidrIpv4"] for rule in ingress_rules]) and not blocked


def _blocks(statement: Mapping[str, Any], request: Request, clients: Sequence[str]) -> bool:
    [(kind, operand)] = statement.items()
    match kind:
        case "andStatement":
            return all(_blocks(inner, request, clients) for inner in operand["statements"])
        case "notStatement":
            return not _blocks(operand["statement"], request, clients)
        case "ipSetReferenceStatement":
            return _within(request.address, clients)
        case "byteMatchStatement":
            return bool(operand["positionalConstraint"] == "EXACTLY" and operand["searchString"] == request.path)
        case "regexMatchStatement":
            return re.search(operand["regexString"], request.method) is not None
    return False


def azure(resources: Sequence[Recorded], request: Request) -> bool:
    """True if no custom rule blocks the request."""
    rules = [rule for resource in of_kind(resources, "Policy") for rule in resource.inputs["customRules"]["rules"]]
    return bool(rules) and not any(
        all(_matches(condition, request) for condition in rule["matchConditions"])
        for rule in rules
        if rule["ruleType"] == "MatchRule"
    )


def _matches(condition: Mapping[str, Any], request: Request) -> bool:
    values = condition["matchValue"]
    match condition["matchVariable"]:
        case "SocketAddr":
            matches = _within(request.address, values)
        case "RequestMethod":
            matches = request.method in values
        case _:
            uri = f"https://rpc.pouw.example.org:443{request.path}"
            matches = any(re.search(pattern, uri) is not None for pattern in values)
    return matches is not bool(condition.get("negateCondition"))


def gcp(resources: Sequence[Recorded], request: Request) -> bool:
    """True if the first matching rule admits the request."""
    rules = [rule for resource in of_kind(resources, "SecurityPolicy") for rule in resource.inputs["rules"]]
    matching = [rule for rule in rules if _applies(rule["match"], request)]
    first = min(matching, key=lambda rule: int(rule["priority"]), default={"action": "deny"})
    return not str(first["action"]).startswith("deny")


def _applies(match: Mapping[str, Any], request: Request) -> bool:
    ranges = lookup(match, "config", "srcIpRanges")
    if ranges is not None:
        return "*" in ranges or _within(request.address, ranges)
    text = str(lookup(match, "expr", "expression"))
    if "evaluatePreconfiguredWaf" in text:
        return False
    attributes = {"path": request.path, "method": request.method}
    expression = re.sub(r"request\.(\w+) == '([^']*)'", lambda term: str(attributes[term[1]] == term[2]), text)
    return _evaluate(ast.parse(expression.replace("&&", "and").replace("||", "or"), mode="eval").body)


def _evaluate(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(_evaluate, values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_evaluate, values))
    raise AssertionError(f"{ast.dump(node)}: this model of the firewall does not support the expression")
