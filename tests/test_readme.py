"""The README is true: its snippets run, its commands are the ones that are used, its links lead somewhere."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
SNIPPETS = re.findall(r"^<!-- run -->\n```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def command_below(marker: str) -> str:
    """The code block that follows a comment."""
    found = re.findall(rf"^<!-- {marker} -->\n```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"the README has {len(found)} blocks below <!-- {marker} -->"
    return str(found[0])


def run_snippet(code: str, folder: Path, picture: bytes) -> str:
    """What a snippet prints, run as a script of its own beside a picture called scene.png."""
    (folder / "scene.png").write_bytes(picture)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def with_echo(code: str) -> str:
    """The snippet with the echo engine wherever it takes the built-in model for granted."""
    for call, echo in (("Chat()", 'Chat(model="echo")'), ("(chat.id)", '(chat.id, model="echo")')):
        assert call in code
        code = code.replace(call, echo)
    return code


def test_every_python_block_is_run() -> None:
    blocks = [match["code"] for match in BLOCK.finditer(README) if match["language"] == "python"]
    assert blocks == SNIPPETS
    assert blocks


def test_the_first_snippet_runs_with_the_echo_engine(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    code = with_echo(SNIPPETS[0])
    lines = run_snippet(code, tmp_path, picture(size=(64, 48))).splitlines()
    # Streamed without a line break of its own, the first answer shares its line with the second.
    assert lines[0].startswith("You showed #1 (64 × 48). You said: What is in this picture?")
    assert lines[0].endswith("You said: And what colour is it?")
    assert "images_encoded=1" in lines[1]
    assert "first_token_s=" in lines[2]
    assert lines[3] == "True"
    assert "What is in this picture?" in lines[4] or "Conversation(" in lines[4]


def test_the_echo_snippet_runs_as_written(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    assert run_snippet(SNIPPETS[1], tmp_path, picture()) == "You said: Hello\n"


@pytest.mark.builtin
def test_the_first_snippet_runs_as_written(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    lines = run_snippet(SNIPPETS[0], tmp_path, picture()).splitlines()
    assert lines[0].strip()
    assert "images_encoded=1" in lines[1]
    assert lines[3] == "True"


@pytest.mark.builtin
def test_pictures_and_words_are_compared_as_written(tmp_path: Path) -> None:
    drawn, scene = Image.new("RGB", (256, 256), "white"), io.BytesIO()
    ImageDraw.Draw(drawn).ellipse((70, 70, 190, 190), fill="red")
    drawn.save(scene, "PNG")
    labels, product = run_snippet(SNIPPETS[2], tmp_path, scene.getvalue()).splitlines()
    (best, likely), *others = ast.literal_eval(labels)
    assert best == "a red circle"
    assert likely > 0.9
    assert likely + sum(each for _, each in others) == pytest.approx(1.0)
    assert 0.0 < float(product) <= 1.0


@pytest.mark.parametrize("marker", ["start command", "test command"])
def test_commands_are_one_line_each_and_enough_by_themselves(marker: str) -> None:
    command = command_below(marker)
    assert len(command.splitlines()) == 1
    steps = command.strip().split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    # What a step runs lies in the environment that the first one makes, or in the clone.
    for step in steps[1:]:
        program, *arguments = step.split()
        assert program in (".venv/bin/pip", ".venv/bin/python")
        assert all((ROOT / argument).is_file() for argument in arguments if argument.endswith(".py"))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    shown = subprocess.run([ROOT / ".ci" / "run", "--show"], check=True, capture_output=True, text=True)
    assert shown.stdout == command_below("test command")


def options_by_program() -> dict[str, set[str]]:
    """The options that the README's code names, by the program they belong to: launch.py or a module."""
    prose = re.sub(r"<!--.*?-->", "", README, flags=re.DOTALL)
    found: dict[str, set[str]] = {}
    lines = r"^[^`\n]*(?:launch\.py|python -m)[^`\n]*$"
    for code in (match[0] for match in re.finditer(rf"{lines}|`[^`\n]+`", prose, re.MULTILINE)):
        module = re.search(r"-m ([\w.]+)", code)
        program = module[1] if module else "launch.py"
        found.setdefault(program, set()).update(re.findall(r"(?<![\w-])--[a-z][a-z-]*", code))
    return {program: options for program, options in found.items() if options}


def test_options_in_the_readme_exist() -> None:
    programs = options_by_program()
    assert "--help" in programs["launch.py"]
    for program, options in programs.items():
        start = [program] if program.endswith(".py") else ["-m", program]
        helped = subprocess.run(
            [sys.executable, *start, "--help"], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
        )
        assert sorted(option for option in options if option not in helped.stdout) == [], program


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_within_the_repository_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
