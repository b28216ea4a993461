"""The rules of wording that a program can check. ``python -m tests.wording PATH...`` lists what breaks them.

The rules are about names, docstrings, sentences and help. What they cannot see, a reader checks.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pouw.paths import REPOSITORY

VAGUE = frozenset(
    # pronouns and determiners
    "one ones each either neither both other others another any some all none every what who whom whose where when how"
    " theirs ours mine own rest same such more most least else elsewhere"
    # participles and adjectives that hide their noun
    " found told made said kept wanted known given named asked seen left taken shown looked held chosen begun built"
    " done needed caught stood gone sent put judged served described listed refused allowed"
    " changed broken opened packed marked planned declared checked issued trained added ended started failed written"
    " touched bare plain whole right wrong whatever around about inside at place places"
    " lost spoken handed meant".split()
)
"""Names that say nothing of what they hold. They may live no longer than a comprehension."""

OPENERS = frozenset(
    "What Who Whom Whose Where Whether When Of By As How Why Which That If For With From In On At To".split()
)
"""Words that no docstring begins with."""
NOT_VERBS = frozenset("The A An This These All Every Each Any No None Its One Another Both It There".split())
"""Words that no function's docstring begins with, because a verb does."""

BANNED: Mapping[str, str] = {
    r"\b(?:told|tells?|telling)\b": "report, print, show, pass, alert",
    r"\b(?:whom|whoever|whomever)\b": "user, caller, client, role",
    # A word of a hyphenated identifier, such as a rule's id, stays: users rely on identifiers.
    r"(?<!-)\b(?:somebody|anybody|(?<!\")nobody|everybody)\b": "user, caller, client, anyone",
    r"\b(?:someone|no one|everyone)\b": "user, caller, client, role",
    r"\bto be had\b": "available",
    r"\b(?:leads?|led) to\b": "resolves to, routes to, causes",
    r"\b(?:goes|go|went|gone) on\b": "continues",
    r"\bby (?:itself|themselves|himself)\b": "automatically",
    r"\b(?:comes?|came) to\b": "results in, is",
    r"\b(?:stands|stood)\b": "is",
    r"(?<!there )\b(?:is|are) (?-i:none)\b": "is not a, has no",
    r"\b(?:it|this|that|he) is no\b": "is not a",
    r"\b(?:he|him|himself)\b": "it, the program, the user",
    r"\bfarewell\b": "close",
    r"\bleash\b": "parent death signal",
    r"\bdrawer\b": "package",
}
"""Words that neither prose nor messages hold, with what to write in their place. See the glossary in ``docs``."""
_BANNED = [(re.compile(pattern, re.IGNORECASE), better) for pattern, better in BANNED.items()]
_BANNED_IN_NAMES = frozenset(
    "told tell tells whom whoever somebody anybody nobody everybody someone everyone farewell leash stands".split()
)

TEST_NAME_CHARACTERS = 70
SENTENCE_WORDS = 25
_SOURCES = (".py", ".md", ".yaml", ".yml", ".html", ".jinja", ".toml", ".sh", "")
_GERUND_MODULES = frozenset(
    {"naming", "addressing", "encoding", "peering", "scaling", "monitoring", "training", "mining", "wording"}
)
"""Modules that end in -ing and name a thing all the same."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One place that breaks a rule."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def check(path: Path) -> list[Finding]:
    """Return what breaks the rules in one file of the repository."""
    return check_text(str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8"))


def check_text(name: str, text: str) -> list[Finding]:
    """Return what breaks the rules in the text of a file with a path relative to the repository."""
    if name.endswith(".py"):
        return sorted(_check_python(name, text), key=lambda finding: finding.line)
    findings = [*_banned(name, enumerate(text.splitlines(), 1))]
    if name.endswith(".md"):
        findings += _sentences(name, text)
    return findings


def findings_below(root: str) -> list[Finding]:
    """Return what breaks the rules in a file or below a folder, in the order of the paths."""
    return [finding for path in sources(root) for finding in check(path)]


def _check_python(name: str, text: str) -> Iterator[Finding]:
    tree = ast.parse(text)
    yield from _banned(name, _prose(text))
    yield from _module_name(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _function(name, node)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _docstring(name, node)
            yield from _attribute_docstrings(name, node)
        if isinstance(node, ast.Module) or (isinstance(node, ast.ClassDef) and not _is_enumeration(node)):
            yield from _fields(name, node)


def _module_name(name: str) -> Iterator[Finding]:
    stem = Path(name).stem
    tail = stem.rpartition("_")[2]
    if not name.startswith("tests/") and tail.endswith("ing") and tail not in _GERUND_MODULES:
        yield Finding(path=name, line=1, rule="module", message=f"{stem} is a gerund; name the thing")
    if stem in VAGUE:
        yield Finding(path=name, line=1, rule="module", message=f"{stem} says nothing of what it holds")


def local_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Mapping[str, int]:
    """Return the parameters and variables of a function with their lines, those of inner scopes not among them."""
    arguments = node.args
    names = {
        argument.arg: argument.lineno for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    }
    pending: list[ast.AST] = list(node.body)
    while pending:
        inner = pending.pop()
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.comprehension):
            continue
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.setdefault(inner.id, inner.lineno)
        pending.extend(ast.iter_child_nodes(inner))
    return names


def _function(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    for variable, line in local_names(node).items():
        if variable.strip("_") in VAGUE:
            yield Finding(path=name, line=line, rule="name", message=f"{variable} says nothing of what it holds")
    if node.name.strip("_") in VAGUE:
        yield Finding(path=name, line=node.lineno, rule="name", message=f"{node.name}() is neither a verb nor a noun")
    if found := _BANNED_IN_NAMES & set(node.name.split("_")):
        yield Finding(path=name, line=node.lineno, rule="name", message=f"{node.name}() holds {', '.join(found)}")
    if node.name.startswith("test_") and len(node.name) > TEST_NAME_CHARACTERS:
        message = f"{node.name} has {len(node.name)} characters; at most {TEST_NAME_CHARACTERS}"
        yield Finding(path=name, line=node.lineno, rule="test-name", message=message)


def _fields(name: str, node: ast.ClassDef | ast.Module) -> Iterator[Finding]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id != "__all__" and target.id.strip("_").lower() in VAGUE:
                message = f"{target.id} says nothing of what it holds"
                yield Finding(path=name, line=target.lineno, rule="name", message=message)


def _is_enumeration(node: ast.ClassDef) -> bool:
    """True for an enumeration, whose members are states and read after its name: ``State.FAILED``."""
    return any(ast.unparse(base).rpartition(".")[2].endswith(("Enum", "Flag")) for base in node.bases)


def _docstring(
    name: str, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[Finding]:
    text = ast.get_docstring(node)
    if not text:
        return
    line = node.body[0].lineno
    first = text.split()[0].strip("`*,:;.")
    if first in OPENERS:
        yield Finding(path=name, line=line, rule="docstring", message=f"begins with {first}")
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_noun(node) and first in NOT_VERBS:
        yield Finding(path=name, line=line, rule="docstring", message=f"begins with {first}, not with a verb")


def _is_noun(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True if a function is read like an attribute, or is a fixture or a command, whose text is not a contract."""
    names = [ast.unparse(decorator) for decorator in node.decorator_list]
    return any("property" in name or "fixture" in name for name in names)


def _attribute_docstrings(
    name: str, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[Finding]:
    for before, statement in zip(node.body, node.body[1:], strict=False):
        if not isinstance(before, ast.Assign | ast.AnnAssign) or not isinstance(statement, ast.Expr):
            continue
        if isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
            first = (statement.value.value.split() or [""])[0].strip("`*,:;.")
            if first in OPENERS - {"If", "For", "With", "From", "In", "On", "At", "To"}:
                yield Finding(path=name, line=statement.lineno, rule="docstring", message=f"begins with {first}")


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Comments and strings of a module, line by line."""
    kinds = {tokenize.STRING, tokenize.COMMENT} | {
        value for value in [getattr(tokenize, "FSTRING_MIDDLE", None)] if value is not None
    }
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds:
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line


def _banned(name: str, lines: Iterator[tuple[int, str]] | enumerate[str]) -> Iterator[Finding]:
    for number, line in lines:
        for pattern, better in _BANNED:
            if match := pattern.search(line):
                yield Finding(path=name, line=number, rule="word", message=f"{match[0]!r}; write {better}")


_SKIPPED = re.compile(r"^(?:\s*\{%|\s*[|#>-]|\s{4,}|\s*\d+\. |\s*\$|!\[)")
_END = re.compile(r"[.!?:;](?:\s|$)")


def _sentences(name: str, text: str) -> Iterator[Finding]:
    """Sentences of a page that are too long. Tables, code and headings are no sentences."""
    paragraph: list[str] = []
    start, fenced = 0, False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced or not line.strip() or _SKIPPED.match(line) or line.lstrip().startswith("```"):
            yield from _long_sentences(name, start, " ".join(paragraph))
            paragraph = []
            continue
        if not paragraph:
            start = number
        paragraph.append(line.strip())


def _long_sentences(name: str, line: int, paragraph: str) -> Iterator[Finding]:
    spoken = re.sub(r"`[^`]*`", "code", re.sub(r"\]\([^)]*\)", "]", paragraph))
    for sentence in _END.split(spoken):
        words = sentence.split()
        if len(words) > SENTENCE_WORDS:
            message = f"{len(words)} words, at most {SENTENCE_WORDS}: {' '.join(words[:8])} ..."
            yield Finding(path=name, line=line, rule="sentence", message=message)


@cache
def sources(*roots: str) -> Sequence[Path]:
    """Return every file below the roots whose words are ours, by path."""
    files: set[Path] = set()
    for root in roots:
        path = REPOSITORY / root
        files |= {path} if path.is_file() else {inner for inner in path.rglob("*") if inner.is_file()}
    return sorted(
        path for path in files if path.suffix in _SOURCES and "__pycache__" not in path.parts and not _is_exempt(path)
    )


EXCEPTIONS: Mapping[str, str] = {
    "policies/frameworks/": "the standards' own titles",
    "tests/engine/kubernetes/official/": "a recording of the official provider",
    "tests/node/vectors/": "recorded iterations",
    "tests/wording.py": "it lists the words",
    "tests/test_wording.py": "it breaks each rule on purpose",
}
"""Paths that are not checked, each with the reason."""
_WITHOUT_SUFFIX = frozenset({"Makefile", "Dockerfile", "run", "attempt", "lock"})


def _is_exempt(path: Path) -> bool:
    """True for a file whose words are not ours, or that lists the words."""
    if path.suffix == "" and path.name not in _WITHOUT_SUFFIX:
        return True
    return path.relative_to(REPOSITORY).as_posix().startswith(tuple(EXCEPTIONS))


def main(roots: Sequence[str]) -> int:
    """Print every finding below the roots, and how many there are by rule."""
    findings = [finding for path in sources(*roots) for finding in check(path)]
    for finding in findings:
        print(finding)
    print(dict(Counter(finding.rule for finding in findings)), len(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["."]))
