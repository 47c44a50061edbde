"""The texts that a package says to callers, from its syntax trees: what catalogues must have in French.

Harvested are the messages of errors (with what is put together into them), the texts given to ``translate``, and in the
modules that say why a file is left out, every text. ``python tests/architecture/harvest.py`` adds what lacks a
translation to the catalogues, for a translator to fill in.
"""

import ast
import csv
import re
import sys
from functools import cache, cached_property
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from ocean_core import errors

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "ocean_core": ROOT / "services/core/ocean_core",
    "ocean_common": ROOT / "services/common/ocean_common",
    "ocean_metadata": ROOT / "services/metadata/ocean_metadata",
    "ocean_data": ROOT / "services/data/ocean_data",
    "ocean_plotting": ROOT / "services/plotting/ocean_plotting",
}
# Their words reach callers as reasons, in answers and in errors: every text in them counts.
REASONS = {
    "ocean_data": (
        "plan/extraction.py",
        "reading/source.py",
        "reading/objects.py",
        "reading/dap2.py",
        "reading/opendap.py",
        "reading/zarr.py",
    ),
}
# Seen by operators alone: what a command prints.
OPERATORS = (
    "observations/formats/",
    "observations/importing.py",
    "observations/__main__.py",
    "index/configuration.py",
    "index/__main__.py",
    "settings.py",
    "clients/",
)
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)} | {
    "InvalidPacking",
    "Unreadable",
    "KmlUnreadable",
    "InvalidIndex",
    "CalculationError",
}
OWN = {"self", "cls"}
TEMPLATE_TEXT = re.compile(r'translate\(\s*"([^"]+)"')
Functions = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parse(path):
    """The syntax tree of a module, which all tests of the architecture read."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes(path):
    """All nodes of a module's syntax tree."""
    return tuple(ast.walk(parse(path)))


@cache
def texts(package):
    """Every text of a package, with where it was found."""
    folder = PACKAGES[package]
    everywhere = modules("ocean_core") | modules("ocean_common") | modules(package)
    result = {}
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder).as_posix()
        if relative.startswith(OPERATORS) and package != "ocean_common":
            continue
        module = everywhere[dotted(package, relative)]
        module.imported = imported(module, everywhere)
        for text, line in filter(lambda item: worded(item[0]), module.spoken()):
            result.setdefault(text, f"{package}/{relative}:{line}")
        some = module.list_error_messages() + (module.sentences() if relative in REASONS.get(package, ()) else [])
        for text, line in some:
            if needs_translation(text):
                result.setdefault(text, f"{package}/{relative}:{line}")
    for path in sorted(folder.rglob("*.html")):
        for text in TEMPLATE_TEXT.findall(path.read_text("utf-8")):
            result.setdefault(text, f"{package}/{path.relative_to(folder)}")
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8") as file:
            result |= {row["advice"]: f"{package}/{path.relative_to(folder)}" for row in csv.DictReader(file)}
    return result


@cache
def modules(package):
    """The syntax trees of a package, by the names under which they are imported."""
    folder = PACKAGES[package]
    return {
        dotted(package, path.relative_to(folder).as_posix()): Module(parse(path))
        for path in sorted(folder.rglob("*.py"))
    }


def dotted(package, relative):
    name = relative.removesuffix(".py").removesuffix("__init__").rstrip("/").replace("/", ".")
    return f"{package}.{name}".rstrip(".")


def imported(module, everywhere):
    """The makers of errors that a module has from others."""
    result = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module in everywhere:
            makers = everywhere[node.module].makers
            result |= {item.asname or item.name: makers[item.name] for item in node.names if item.name in makers}
    return result


def needs_translation(text):
    """Whether there is anything to translate: not in names, which are the same in all languages."""
    words = re.sub(r"\{.*?\}", "", text)
    names = r"[a-z_]+|[a-z]+=,*|[A-Z0-9_, ]+|[$.][\w.\[\]]*"  # of parameters with their values, of formats, of members
    return bool(re.search(r"[A-Za-z]{2}", words)) and not re.fullmatch(names, words)


def worded(text):
    """Whether what is said holds a word."""
    return bool(re.search(r"[A-Za-z]{2}", re.sub(r"\{.*?\}", "", text)))


class Module:
    """One syntax tree."""

    def __init__(self, tree):
        self.tree = tree
        self.imported = {}
        self.scope_of = {}
        for scope in ast.walk(tree):  # the innermost comes last
            if isinstance(scope, Functions | ast.Module):
                for node in ast.walk(scope):
                    self.scope_of[node] = scope

    @cached_property
    def functions(self):
        return {node.name: node for node in ast.walk(self.tree) if isinstance(node, Functions)}

    @cached_property
    def makers(self):
        """Functions of the module that put some of their arguments into an error: name → positions of these."""
        result = {}
        for _ in range(2):  # makers that call makers
            for function in self.functions.values():
                names = [item.arg for item in function.args.posonlyargs + function.args.args]
                for node in ast.walk(function):
                    for message in self._messages(node, result):
                        for entry in ast.walk(message):
                            if isinstance(entry, ast.Name) and entry.id in names and entry.id not in OWN:
                                result.setdefault(function.name, set()).add(names.index(entry.id) - (names[0] in OWN))
        return result

    def _messages(self, call, makers):
        """The arguments of a call that reach an error."""
        if not isinstance(call, ast.Call):
            return []
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", None)
        places = {0} if name in ERRORS else makers.get(name, self.imported.get(name, set()))
        return [call.args[at] for at in sorted(places) if at < len(call.args)]

    def spoken(self):
        """What is given to ``translate``."""
        result = []
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(
                    func=ast.Name("translate" | "Message") | ast.Attribute(attr="translate"),
                    args=[ast.Constant(value=str(text))],
                ):
                    result.append((text, node.lineno))
                case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="translate"), ast.Tuple(elts=some)]):
                    result += [(item.value, node.lineno) for item in some]
        return result

    def list_error_messages(self):
        """Messages of errors."""
        result = []
        for node in ast.walk(self.tree):
            for message in self._messages(node, self.makers):
                result += [(text, node.lineno) for text in self.resolved(message, self.scope_of[node], set())]
                for value in texts_within(node):
                    result += [(text, node.lineno) for text in self.resolved(value, self.scope_of[node], set())]
            match node:
                case ast.keyword(arg="fitting", value=value):  # what would fit, instead of what is refused
                    result += [(text, value.lineno) for text in self.resolved(value, self.scope_of[value], set())]
        return result

    def resolved(self, node, scope, seen):  # noqa: C901, PLR0911, PLR0912 - a table of kinds of expressions
        """The templates that an expression can be, and those of the parts that are put into them."""
        if node is None or node in seen:
            return []
        seen.add(node)
        more = lambda *nodes: [text for item in nodes for text in self.resolved(item, scope, seen)]  # noqa: E731
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                inner = [item.value for item in values if isinstance(item, ast.FormattedValue)]
                return [template(node), *more(*inner)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return more(left, right)
            case ast.IfExp(body=body, orelse=orelse):
                return more(body, orelse)
            case ast.BoolOp(values=values):
                return more(*values)
            case ast.Subscript(value=value, slice=ast.Slice()):  # a part of a text
                return more(value)
            case ast.Lambda(body=body):
                return more(body)
            case ast.Call(func=ast.Name(id="partial"), args=[ast.Name(id=name), *_]) if name in self.functions:
                return self.returned(name, seen)
            case ast.Name(id=name):
                return more(*self.assigned(name, scope))
            case ast.Call(func=ast.Name(id="next"), args=args) if args:
                return more(*args)
            case ast.Call(func=ast.Attribute(value=value, attr="join"), args=[ast.GeneratorExp(elt=element)]):
                return more(value, element)
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                return self.returned(name, seen)
        return []

    def returned(self, name, seen):
        """The templates that a function of the module can return."""
        function = self.functions[name]
        values = [value.value for value in ast.walk(function) if isinstance(value, ast.Return)]
        return [text for value in values for text in self.resolved(value, function, seen)]

    def assigned(self, name, scope):
        """What a name is bound to: in its function, else in the module."""
        for where in (scope, self.tree):
            result = []
            for node in ast.walk(where):
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                value = getattr(node, "value", None)
                if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
                    for target in targets:
                        result += bound(target, value, name)
            if result:
                return result
        return []

    def sentences(self):
        """Every text with a blank in it that is no docstring, and does not go to the log."""
        docstrings = {
            node.body[0].value
            for node in ast.walk(self.tree)
            if isinstance(node, Functions | ast.Module | ast.ClassDef) and isinstance(node.body[0], ast.Expr)
        }
        wholes = [node for node in ast.walk(self.tree) if isinstance(node, ast.JoinedStr)]
        wholes += [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and logs(node)]
        parts = {part for node in wholes for part in ast.walk(node)} - set(wholes)
        result = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.JoinedStr) and " " in (text := template(node)):
                result.append((text, node.lineno))
            elif isinstance(node, ast.Constant) and node not in docstrings | parts and " " in str(node.value).strip():
                result.append((str(node.value), node.lineno))
        return result


def texts_within(call):
    """The values of a message's fields, which may be texts too."""
    return [keyword.value for keyword in call.keywords if keyword.arg not in {"field", "allowed", "retry_after"}]


def logs(call):
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", None) == "_log"


def bound(target, value, name):
    """What a target of an assignment gives to a name."""
    if isinstance(target, ast.Name) and target.id == name:
        return [value]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return [entry for item, part in pairs for entry in bound(item, part, name)]
    return []


def escaped(text):
    return text.replace("{", "{{").replace("}", "}}")


def template(node):
    """An f-string with numbered fields."""
    created, number = "", 0
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            created += f"{{{number}!r}}" if part.conversion == ord("r") else f"{{{number}}}"
            number += 1
        else:
            created += escaped(part.value)
    return created


def catalogue_of(package):
    return PACKAGES[package] / "locale" / "fr" / "LC_MESSAGES" / "messages.po"


def main():
    """Append what lacks a translation to its catalogue, without one; other catalogues stay as they are."""
    for package in PACKAGES:
        path, result, missing = catalogue_of(package), texts(package), Catalog()
        with path.open("r+b") as file:
            known = read_po(file, locale="fr")
            for text in (text for text in result if text not in known):
                missing.add(text)
                sys.stdout.write(f"{result[text]}: {text!r}\n")
            if missing:
                file.write(b"\n")
                write_po(file, missing, width=0, omit_header=True)


if __name__ == "__main__":
    main()
