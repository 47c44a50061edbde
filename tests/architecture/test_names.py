"""Check names and docstrings (CONTRIBUTING.md). Allowances only shrink: they are what there was when a rule came."""

import ast
from collections import defaultdict

import pytest
from tests.architecture.harvest import nodes
from tests.architecture.test_architecture import PACKAGES, modules, name_of

pytestmark = pytest.mark.xdist_group("architecture")  # what is parsed serves all

# Names that say nothing of what they are bound to.
VAGUE = {
    *("one", "ones", "found", "told", "each", "asked", "made", "known", "kept", "given", "wanted", "said", "which"),
    *("others", "both", "mine", "theirs", "seen", "named", "here", "there", "what", "who", "whole", "begun", "done"),
}
OPENERS = {"what", "who", "whom", "whose", "whether", "how", "where", "when", "which"}
ALLOWED_VAGUE, ALLOWED_OPENERS, ALLOWED_TWICE = 382, 101, 2


def bindings(path):
    """Arguments and assigned names with their lines."""
    for node in nodes(path):
        if isinstance(node, ast.arg):
            yield node.arg.lstrip("_"), node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id.lstrip("_"), node.lineno


def docstrings(path):
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            text = ast.get_docstring(node)
            if text and text.split():
                yield text.splitlines()[0], getattr(node, "lineno", 1)


def listing(violations, allowed):
    return f"{len(violations)}, and {allowed} are allowed:\n" + "\n".join(violations)


def test_names_say_what_they_are_bound_to():
    vague = [f"{name_of(path)}:{line} {name}" for path in modules() for name, line in bindings(path) if name in VAGUE]
    assert len(vague) <= ALLOWED_VAGUE, listing(vague, ALLOWED_VAGUE)


def test_docstrings_open_with_a_verb_or_a_noun():
    openers = [
        f"{name_of(path)}:{line} {text}"
        for path in modules()
        for text, line in docstrings(path)
        if text.split()[0].strip(".,:;").lower() in OPENERS
    ]
    assert len(openers) <= ALLOWED_OPENERS, listing(openers, ALLOWED_OPENERS)


def test_a_class_name_occurs_once_in_a_package():
    places = defaultdict(list)
    for path in modules():
        package = next(name for name, folder in PACKAGES.items() if path.is_relative_to(folder))
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places[package, node.name].append(f"{name_of(path)}:{node.lineno}")
    twice = [f"{name}: {', '.join(result)}" for (_, name), result in places.items() if len(result) > 1]
    assert len(twice) <= ALLOWED_TWICE, listing(twice, ALLOWED_TWICE)
