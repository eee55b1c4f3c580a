"""Names and sentences that were replaced do not come back."""

import ast
import re

import pytest

from helpers import PROJECT

# Of functions, classes and modules; each has a successor that the field knows.
NAMES = {
    *("Liked", "Suited", "suited_to", "fewest_steps", "sealed", "WholeCatalog", "_elsewhere_first", "NoRoomError"),
    *("FullError", "Laboratory", "Remembered", "share_out", "Surroundings", "closer_than", "settle"),
    *("told_in_one_line", "TableDataset", "gathering", "placing", "mistakes"),
}
PHRASES = (
    "lie above each other",
    "wants `=`",
    "what you would say each time",
    "a collection that has changed is another one",
    "a stranger among paintings",
    "ask for help from within",
    "first it says what is not as it was",
    "seen in training, too",
)
CODE = sorted((PROJECT / "src").rglob("*.py"))
PROSE = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")), *CODE]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(PROJECT / "src")))
def test_names(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert not NAMES & {*defined, path.stem}


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases(phrase):
    words = re.compile(r"\s+".join(map(re.escape, phrase.split())), re.IGNORECASE)
    assert [path.name for path in PROSE if words.search(path.read_text(encoding="utf-8"))] == []
