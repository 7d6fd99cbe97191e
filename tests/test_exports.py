"""Every package says what it offers: `__all__` is sorted, true and complete."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("prompts", "memory", "chat", "ui")
INTERFACES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("__init__.py")
)


def offered_names(source: str) -> set[str]:
    """The public names that a package's `__init__` defines, or imports without using them itself."""
    tree = ast.parse(source)
    imported: set[str] = set()
    defined: set[str] = set()
    for node in tree.body:
        match node:
            case ast.ImportFrom(module="__future__"):
                pass
            case ast.Import() | ast.ImportFrom():
                imported |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                defined.add(node.name)
            case ast.Assign():
                defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                defined.add(name)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {name for name in defined | (imported - used) if not name.startswith("_")}


def own_names(module: ModuleType) -> set[str]:
    """The offered names of a package whose values are ours."""
    assert module.__file__ is not None
    names = offered_names(Path(module.__file__).read_text("utf-8"))
    return {name for name in names if _is_ours(getattr(module, name))}


def _is_ours(value: object) -> bool:
    """Whether a value comes from our packages; plain values (strings, unions, …) are ours."""
    if inspect.ismodule(value):
        return False
    home = getattr(value, "__module__", None)
    return not isinstance(home, str) or home.partition(".")[0] in PACKAGES


def test_the_packages_are_found() -> None:
    assert set(PACKAGES) <= set(INTERFACES)


@pytest.mark.parametrize("name", INTERFACES)
def test_all_is_sorted_true_and_complete(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", None)
    if exported is None:
        assert not own_names(module), f"{name} offers names but has no __all__"
        return
    missing = [item for item in exported if not hasattr(module, item)]
    assert not missing, f"{name}.__all__ names what does not exist: {missing}"
    assert len(set(exported)) == len(exported), f"{name}.__all__ repeats a name"
    assert exported == _sorted(exported), f"{name}.__all__ is not sorted"
    unlisted = own_names(module) - set(exported)
    assert not unlisted, f"{name} binds public names that its __all__ leaves out: {sorted(unlisted)}"


def _sorted(names: list[str]) -> list[str]:
    """Constants, then classes, then functions, each in order: as ruff's RUF022 sorts them."""

    def key(name: str) -> tuple[int, str]:
        return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)

    return sorted(names, key=key)


def test_the_checks_see_what_they_should() -> None:
    source = "import os\nfrom a import b as c, d, _e\nX = d\ny: int = 2\nclass Z: ...\ndef _w(): ...\n"
    assert offered_names(source) == {"os", "c", "X", "y", "Z"}
    assert _sorted(["b", "Az", "MAX", "Z", "a"]) == ["MAX", "Az", "Z", "a", "b"]
