"""`python -m memory`, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memory import Store, commands
from memory.__main__ import main
from memory.places import default_database
from tests.helpers.transfer import begin_talks, png

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(store: Store, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("list", "--json")`: exit code, and what was printed and complained of, about the `store`."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([*map(str, arguments), "--database", str(store.path)])
        return code, *capsys.readouterr()

    return run


def values(run: Run, *arguments: object) -> Any:
    """The JSON that a command prints; it has to succeed."""
    code, printed, complained = run(*arguments, "--json")
    assert (code, complained) == (0, "")
    return json.loads(printed)


def test_conversations_are_listed_and_shown(store: Store, run: Run) -> None:
    talk, fork = begin_talks(store)
    store.organise_conversation(fork, archived=True)
    (listed,) = values(run, "list")
    assert (listed["id"], listed["title"], listed["tags"]) == (talk, "Holiday ☀", ["sea", "sun"])
    assert [entry["id"] for entry in values(run, "list", "--archived")] == [fork]
    assert values(run, "list", "--tag", "snow") == []
    code, printed, _ = run("list")
    assert code == 0
    assert printed.startswith(talk[:8])
    assert "Holiday ☀ #sea #sun" in printed
    shown = values(run, "show", talk[:10])
    assert [entry["message"]["role"] for entry in shown["history"]][:2] == ["user", "assistant"]
    assert shown["history"][1]["turn"]["engine"] == "echo"
    _, printed, _ = run("show", talk)
    assert "[#1 1.png, 16 × 12]\nlook 你好\n" in printed


def test_words_are_found(store: Store, run: Run) -> None:
    talk, _ = begin_talks(store)
    (hit,) = values(run, "search", "what's", "more")
    assert hit["role"] == "assistant"
    assert "blue, what's more" in run("search", "what's more", "--conversation", talk[:8])[1]
    assert values(run, "search", "square", "--until", "2001-01-01") == []
    assert values(run, "search", "square", "--engine", "another") == []
    assert len(values(run, "search", "square", "--has-picture", "--limit", "1")) == 1


def test_conversations_are_found_by_what_they_are_called(store: Store, run: Run) -> None:
    talk, fork = begin_talks(store)
    assert [hit["conversation"]["id"] for hit in values(run, "search", "sun")] == [talk]
    (noted,) = values(run, "search", "keep")
    assert (noted["conversation"]["id"], noted["also"]["text"]) == (talk, "keep")
    assert run("search", "keep")[1].startswith(talk[:8])
    assert "Holiday ☀ #sea #sun  (keep)" in run("search", "keep")[1]
    assert {hit["conversation"]["id"] for hit in values(run, "search", "holiday")} == {talk, fork}
    assert len(values(run, "search", "holiday", "--limit", "1")) == 1
    # Filters are about messages, which those are not.
    for filtered in (
        ["--engine", "echo"],
        ["--has-picture"],
        ["--conversation", talk],
        ["--since", "2001-01-01"],
    ):
        assert values(run, "search", "holiday", *filtered) == []
    # A title that says no more than a message of the conversation that was found is left out; notes are not.
    store.rename_conversation(talk, "more")
    assert [hit["role"] for hit in values(run, "search", "more")] == ["assistant"]
    store.organise_conversation(talk, notes="more")
    assert ["also" in hit for hit in values(run, "search", "more")] == [True, False]


def test_conversations_move(store: Store, run: Run, tmp_path: Path) -> None:
    talk, fork = begin_talks(store)
    assert values(run, "export", tmp_path / "all.zip")["conversations"] == 2
    assert values(run, "export", tmp_path / "one.html", talk[:8])["format"] == "html"
    assert values(run, "export", tmp_path / "md", "--format", "markdown")["conversations"] == 2
    assert (tmp_path / "one.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    store.delete_conversation(talk)
    report = values(run, "import", tmp_path / "all.zip")
    assert (report["new"], report["unchanged"]) == ([talk], [fork])
    _, printed, _ = run("import", tmp_path / "all.zip")
    assert printed.splitlines()[0] == "2 conversations: unchanged"
    assert main(["import", str(tmp_path / "all.zip"), "--database", str(tmp_path / "new" / "x.db")]) == 0
    with Store.open(tmp_path / "new" / "x.db") as new:
        assert new.messages(talk) == store.messages(talk)


def test_facts_are_looked_after(store: Store, run: Run) -> None:
    added = values(run, "facts", "add", "I", "am", "colour-blind")
    assert (added["text"], added["persona"]) == ("I am colour-blind", "")
    brief = values(run, "facts", "add", "Be brief", "--persona", "guide")
    assert values(run, "facts", "list") == [added, brief]
    assert values(run, "facts", "list", "--persona", "plain") == [added]
    _, printed, _ = run("facts", "list")
    assert [line.partition("  ")[0] for line in printed.splitlines()] == [added["id"][:8], brief["id"][:8]]
    assert printed.endswith("  Be brief  (only guide)\n")
    run("facts", "edit", brief["id"][:8], "Be", "very", "brief", "--persona", "")
    assert [(fact.text, fact.persona) for fact in store.facts.list()][1] == ("Be very brief", "")
    assert run("facts", "delete", added["id"][:8])[1] == "Forgotten: I am colour-blind\n"
    assert [fact.text for fact in store.facts.list()] == ["Be very brief"]


def test_owners_see_their_own(store: Store, run: Run) -> None:
    begin_talks(store)
    assert values(run, "list", "--owner", "bob") == []


def test_a_database_is_looked_after(store: Store, run: Run, tmp_path: Path) -> None:
    begin_talks(store)
    assert values(run, "verify") == {"problems": []}
    assert values(run, "stats")["conversations"] == 2
    assert values(run, "gc") == {"messages": 0, "pictures": 0, "parts": 0}
    assert values(run, "backup", tmp_path / "copy.zip")["pictures"] == 2
    for command in ("verify", "stats", "gc"):
        code, printed, complained = run(command)
        assert (code, complained) == (0, "")
        assert printed.strip()
    code = main(["restore", str(tmp_path / "copy.zip"), "--database", str(tmp_path / "again.db")])
    assert code == 0
    store.images.path(store.images.add(png("red")).sha256).unlink()
    for arguments in (["verify"], ["backup", str(tmp_path / "copy")]):
        code, printed, _ = run(*arguments)
        assert code == commands.FOUND_WRONG
        assert "picture" in printed.lower()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "ffff"], "No conversation has an id that begins with 'ffff'"),
        (["show", ""], "Several conversations have an id"),
        (["facts", "delete", "ffff"], "No fact has an id that begins with 'ffff'"),
        (["facts", "edit", ""], "Several facts have an id"),
        (["facts", "add", " "], "There is nothing to remember"),
        (["export", "{folder}/visavis.db"], "is there already"),
        (["import", "{folder}/nothing.zip"], "There is no file"),
        (["import", "{folder}/visavis.db"], "not a database of llm's logs"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    store: Store, run: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    begin_talks(store)
    code, printed, complained = run(*(argument.format(folder=tmp_path) for argument in arguments))
    assert (code, printed, len(complained.splitlines())) == (2, "", 1)
    assert words in complained


def test_a_database_is_not_begun_by_looking_at_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], own_data_folder: Path
) -> None:
    assert main(["list"]) == 2
    assert f"There is no database {own_data_folder / 'visavis.db'}" in capsys.readouterr().err
    assert default_database() == own_data_folder / "visavis.db"
    assert not own_data_folder.exists()


def test_wrong_arguments_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["nonsense"], ["search", "x", "--since", "soon"], ["export"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "usage: python -m memory" in capsys.readouterr().err


def test_it_runs_as_a_program(store: Store) -> None:
    begin_talks(store)
    command = [sys.executable, "-W", "error", "-X", "utf8", "-m", "memory", "list", "--json"]
    result = subprocess.run(
        [*command, "--database", store.path], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert len(json.loads(result.stdout)) == 2
