"""Formulas in plain letters, as a terminal shows them, set by MathJax on the site: one source for both.

Blocks of Markdown without a language, and indented ones, are formulas, one or more a line; three or more spaces divide
a formula from what is said beside it. In sentences and tables, words such as ``T_ij`` and ``theta_i`` are set as well.

MathJax comes from the package ``sphinx-mathjax-offline`` when the site is built: no network, and nothing of it in the
repository.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

GREEK = (
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "phi",
    "chi",
    "psi",
    "omega",
)
FUNCTIONS = {word: "\\" + word for word in ("ln", "log", "exp", "tanh", "max", "min")}
OTHERS = {"in": r"\in", "grad": r"\nabla", "E": r"\mathbb{E}"}
#: What is meant stands below it: ``sum_(j != i)``.
LARGE = {"sum": r"\sum", "prod": r"\prod", "mean": r"\operatorname*{mean}", "clip": r"\operatorname{clip}"}
SIGNS = {
    "+=": r"\mathrel{+}=",
    "-=": r"\mathrel{-}=",
    "!=": r"\neq",
    ">=": r"\ge",
    "<=": r"\le",
    "<-": r"\leftarrow",
    "*": r"\cdot",
    ",": r",\,",
    "~": r"\sim",
    ".": r"\cdot",
}
#: What stands below or above them makes brackets grow.
TALL = ("sum", "prod", "mean")
KNOWN = {*GREEK, *FUNCTIONS, *LARGE, *OTHERS}
#: Indices of agents and pairs.
AGENTS = ("i", "j", "k", "ij", "ji")
BELOW = {"plus": "+", "minus": "-"}
TOKEN = re.compile(
    r"(?P<name>[A-Za-z]+'?(?:_[A-Za-z]\w*)?(?:,(?:t|old)\b)?)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<sign>\+=|-=|!=|>=|<=|<-|[-+*/=<>^_,()|{}\[\]~.])"
    r"|(?P<space>\s+)"
)
Part = tuple[str, str]


class NoFormula(ValueError):
    """A text that is none."""


# --- one formula


def tex(text: str) -> str:
    """A formula in TeX."""
    parts = list(_parts(text))
    sizes = _brackets(parts, text)
    out: list[str] = []
    at, scripted = 0, False
    while at < len(parts):
        kind, part = parts[at]
        if part in ("^", "_"):
            if not out:
                raise NoFormula(f"{text!r}: nothing below or above which it stands")
            inner, at = _script(parts, at + 1, text)
            out[-1] += f"{part}{{{inner}}}"
            scripted = True
            continue
        if (
            part == "/"
            and not scripted
            and _simple(parts, at - 1)
            and _simple(parts, at + 1)
            and not _goes_on(parts, at + 2)
        ):
            out.append(rf"\frac{{{out.pop()}}}{{{_one(*parts[at + 1])}}}")
            at += 2
        else:
            out.append(sizes.get(at, "") + _one(kind, part))
            at += 1
        scripted = False
    return " ".join(out)


def _brackets(parts: Sequence[Part], text: str) -> dict[int, str]:
    """Where brackets grow with what is in them; those around scripts are none."""
    open_at: list[int] = []
    sizes: dict[int, str] = {}
    for at, (_, part) in enumerate(parts):
        if part in ("(", "["):
            open_at.append(at)
        elif part in (")", "]"):
            if not open_at:
                raise NoFormula(f"{text!r}: a bracket closes that is not open")
            first = open_at.pop()
            if any(one == "/" or one.partition("_")[0] in TALL for _, one in parts[first:at]):
                sizes |= {first: r"\left", at: r"\right"}
    if open_at:
        raise NoFormula(f"{text!r}: a bracket that does not close")
    return sizes


def _parts(text: str) -> Iterator[Part]:
    """Kind and text of each part."""
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise NoFormula(f"{text!r}: {text[at:]!r} is no part of a formula")
        at = found.end()
        if found.lastgroup != "space":
            yield str(found.lastgroup), found[0]


def _one(kind: str, part: str) -> str:
    return symbol(part) if kind == "name" else SIGNS.get(part, part)


def _simple(parts: Sequence[Part], at: int) -> bool:
    """A letter or number, without a power."""
    if not 0 <= at < len(parts) or parts[at][0] == "sign" or parts[at][1].partition("_")[0] in {*FUNCTIONS, *LARGE}:
        return False
    return at + 1 == len(parts) or parts[at + 1][1] not in ("^", "_")


def _goes_on(parts: Sequence[Part], at: int) -> bool:
    """Whether a product has a further factor here."""
    return at < len(parts) and (parts[at][0] != "sign" or parts[at][1] in ("(", "[", "|"))


def _script(parts: Sequence[Part], at: int, text: str) -> tuple[str, int]:
    """What stands above or below: a bracket, without its brackets, or one part and its sign; and where it ends."""
    if at >= len(parts):
        raise NoFormula(f"{text!r}: nothing above or below")
    if parts[at][1] in ("(", "{"):
        opens, closes = ("(", ")") if parts[at][1] == "(" else ("{", "}")
        depth = 0
        for end in range(at, len(parts)):
            depth += {opens: 1, closes: -1}.get(parts[end][1], 0)
            if depth == 0:
                return " ".join(_one(*part) for part in parts[at + 1 : end]), end + 1
        raise NoFormula(f"{text!r}: a bracket that does not close")
    if parts[at][1] == "-" and at + 1 < len(parts):
        return f"-{_one(*parts[at + 1])}", at + 2
    return _one(*parts[at]), at + 1


def symbol(word: str) -> str:
    """A letter with its index, a function, or a parameter by its name."""
    if word in KNOWN:
        return (FUNCTIONS | LARGE | OTHERS).get(word, "\\" + word)
    base, _, index = word.partition("_")
    if base in LARGE or base in OTHERS:
        return f"{(LARGE | OTHERS)[base]}_{{{index}}}"
    prime, base = ("'", base[:-1]) if base.endswith("'") else ("", base)
    barred = base.endswith("bar") and len(base) > 3
    letter = base.removesuffix("bar") if barred else base
    if letter not in GREEK and len(letter) > 1:
        named, agent = (base, f"_{{{index}}}") if index in AGENTS else (word, "")
        return rf"\,\text{{{named}}}{agent}\,"
    letter = "\\" + letter if letter in GREEK else letter
    letter = (rf"\bar{{{letter}}}" if barred else letter) + prime
    if not index:
        return letter
    index, _, more = index.partition(",")
    below = BELOW.get(index) or (index if len(index) <= 2 else rf"\text{{{index}}}")
    if more:
        below += r",\," + (more if len(more) == 1 else rf"\text{{{more}}}")
    return f"{letter}_{{{below}}}"


# --- what is said beside formulas


def _is_formula(word: str) -> bool:
    """Whether a word of a sentence is part of a formula."""
    bare = word.strip(",;:.()[]|")
    return (
        bare in {*GREEK, *FUNCTIONS}
        or bool(re.fullmatch(r"[b-zB-HJ-Z]", bare))
        or ('"' not in word and bool(re.search(r"[\[\]^=<>|\d]|^[-+*/]$|\w_-?\w|[a-z]\(", word)))
    )


def said(text: str) -> str:
    """A sentence in which words are words, and formulas are set."""
    runs: list[tuple[bool, list[str]]] = []
    for word in text.split():
        formula = _is_formula(word)
        if not runs or runs[-1][0] != formula:
            runs.append((formula, []))
        runs[-1][1].append(word)
    out = ""
    for k, (formula, words) in enumerate(runs):
        run = " ".join(words)
        stop = ""
        if formula and k + 1 < len(runs) and run[-1] in ",;:.":
            run, stop = run[:-1], rf"\text{{{run[-1]}}}"
        out += (r"\text{ }" if k else "") + (tex(run) if formula else rf"\text{{{run}}}") + stop
    return out


# --- blocks


def _formula(text: str) -> str:
    """A formula, or words that stand in its place."""
    words = re.findall(r"(?<![\w(])[a-z]{2,}(?![\w(])", text)
    return _spoken(text) if [word for word in words if word not in KNOWN] else tex(text)


def _spoken(text: str) -> str:
    """A sentence; where its words stand within brackets, a formula with words in it."""
    try:
        return said(text)
    except NoFormula:
        return tex(text)


def row(line: str) -> str:
    """One line of a block: label, left side, relation and right side, and what is said beside."""
    label = re.match(r"\s*([a-z]+):\s+", line)
    text = line[label.end() :] if label else line
    text = re.sub(r"^(\S+)\s+(?=(?:\+=|-=|<-|=)\s)", r"\1 ", text.strip())
    text, *beside = re.split(r"\s{3,}", re.sub(r",\s{3,}(?=\S+\s+=)", " ;; ", text))
    equations = []
    for one in text.split(" ;; "):
        sides = re.match(r"(.*?)\s*(\+=|-=|<-|(?<!!)=)\s+(.*)", one)
        if re.match(r"[-+]\s", one):
            equations.append(("", r"\qquad {}" + tex(one)))
        elif sides:
            equations.append((tex(sides[1]), f"{SIGNS.get(sides[2], sides[2])} {_formula(sides[3])}"))
        else:
            equations.append(("", _spoken(one)))
    first, *others = equations
    behind = "".join(rf",\qquad {left} {right}" for left, right in others)
    spoken = r"\quad ".join(said(part) for part in beside)
    name = rf"\text{{{label[1]}:}}" if label else ""
    return " & ".join((name, rf"\displaystyle {first[0]}", rf"\displaystyle {first[1]}{behind}", spoken))


def block(text: str) -> str:
    """A block of formulas: an array of labels, left sides, right sides and what is said beside them."""
    arrays: list[list[str]] = [[]]
    for line in text.strip("\n").splitlines():
        if re.search(r"(\s|[+-])(=|<-)\s", f" {line}") or re.match(r"\s*[-+]\s", line):
            arrays[-1].append(row(line))
        elif line.strip():
            arrays += [[row(line)], []]
    columns = "{@{}l@{\\;}l@{\\;}l@{\\qquad}l@{}}"
    return "\n".join(
        f"\\[\\begin{{array}}{columns}\n" + (r" \\[.35em]" + "\n").join(rows) + "\n\\end{array}\\]"
        for rows in arrays
        if rows
    )


# --- words of sentences

_LETTERS = "|".join(["[A-Za-z]", "[a-z]bar", "pibar", "grad", "mean", "sum", "prod", "alpha'", *GREEK])
_INDEX = r"(?:-?[ijkt]|[ij][ijk])(?:,(?:t|old))?(?!\w)"
_ALONE = r"(?<![\w`.\"/'-])"
#: Letters with the index of an agent or a step.
INDEXED = re.compile(rf"{_ALONE}(?:{_LETTERS})_{_INDEX}(?!=)")
#: Those too that share their name with a parameter, in sentences.
SYMBOL = re.compile(
    rf"{_ALONE}(?:{_LETTERS})_(?:{_INDEX}|(?:\{{[^}}]*\}}|[A-Z]|\d|plus|minus)(?!\w))(?!=)"
    rf"|{_ALONE}(?:theta|kappa|lambda|rho|sigma|phi|omega|alpha|beta|gamma|delta|epsilon|xi|eta)(?![\w(=-])"
)


def pieces(text: str, in_table: bool = False) -> list[tuple[bool, str]]:
    """A sentence in turns of words and symbols; in a table, Greek words are parameters."""
    out: list[tuple[bool, str]] = []
    at = 0
    for found in (INDEXED if in_table else SYMBOL).finditer(text):
        out += [(False, text[at : found.start()]), (True, found[0])]
        at = found.end()
    return [(is_symbol, piece) for is_symbol, piece in [*out, (False, text[at:])] if piece]


class SetFormulas(SphinxTransform):
    """Blocks without a language and symbols in sentences become formulas."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        """Replace them."""
        for node in list(self.document.findall(nodes.literal_block)):
            if node.get("language") == "none":
                self._block(node)
        for words in list(self.document.findall(nodes.Text)):
            if not _kept(words):
                found = pieces(words.astext(), _within(words, (nodes.entry,)))
                if any(is_symbol for is_symbol, _ in found):
                    set_ = [nodes.math("", tex(one)) if is_symbol else nodes.Text(one) for is_symbol, one in found]
                    words.parent.replace(words, set_)

    def _block(self, node: nodes.literal_block) -> None:
        try:
            made = block(node.astext())
        except NoFormula as error:
            LOG.warning("no formula, give the block a language: %s", error, location=node)
            return
        node.replace_self(nodes.math_block(made, made, nowrap=True, number=None, label=None, docname=self.env.docname))


#: Parts of a page whose words stay as they are.
VERBATIM: tuple[type[nodes.Node], ...] = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.title,
    nodes.comment,
    nodes.raw,
    nodes.reference,
    nodes.image,
)


def _kept(node: nodes.Node) -> bool:
    return _within(node, (*VERBATIM, addnodes.pending_xref, addnodes.desc_signature))


def _within(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


# --- MathJax

LOG = logging.getLogger(__name__)
PACKAGE = "sphinx-mathjax-offline"
SCRIPT = "mathjax/tex-svg.js"


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """One file of the package, fonts inside: all that the pages load."""
    if error or app.builder.format != "html":
        return
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ImportError(f"formulas need MathJax: pip install {PACKAGE}")
    target = Path(app.outdir) / "_static" / SCRIPT
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(Path(found.origin).parent / "static" / SCRIPT, target)


def setup(app: Sphinx) -> dict[str, Any]:
    """As Sphinx asks an extension for."""
    app.setup_extension("sphinx.ext.mathjax")
    app.add_transform(SetFormulas)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
