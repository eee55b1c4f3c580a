"""A chain of any length is drawn."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from grisaille.parameters import Discovery, Ingestion
from grisaille.pipelines.chain import nodes
from helpers import encode, picture


class TestLongChain:
    def test_photographs_are_held_as_small_as_they_are_drawn(self, monkeypatch):
        """Three hundred photographs of ten megapixels would take nine gigabytes."""
        held = []
        monkeypatch.setattr("grisaille.plots.contact_sheet.strip", lambda shown, _heading: held.extend(shown))
        names = [f"p{number}" for number in range(300)]
        paintings = pd.DataFrame(
            {"painting_id": names, "artist": "Ada", "path": [f"{name}.png" for name in names], "duplicate_of": None}
        )
        photograph = encode(picture(size=(800, 400)))
        paintings["sha256"] = hashlib.sha256(photograph).hexdigest()
        files = dict.fromkeys(paintings["path"], lambda: photograph)
        # The last value is the length of what the others leave out.
        line = np.stack([np.arange(300, dtype=np.float32), np.zeros(300, np.float32)], axis=1)
        known = {"composition.embeddings": line}
        table, _ = nodes.find_chain("p0;p299", None, paintings, files, Ingestion(), Discovery(), **known)
        assert len(table) == len(held) == 300
        assert {shown.image.size for shown in held} == {(320, 160)}


class TestDuplicates:
    @pytest.fixture
    def ask(self):
        """A line of five paintings, of which the last is a copy of the one before."""
        photograph = encode(picture())
        paintings = pd.DataFrame({"painting_id": list("abcde"), "artist": "Ada", "duplicate_of": [None] * 4 + ["d"]})
        paintings["path"], paintings["sha256"] = paintings["painting_id"], hashlib.sha256(photograph).hexdigest()
        known = {"composition.embeddings": np.array([[0, 1, 2, 3, 3], [0] * 5], np.float32).T}
        files = dict.fromkeys("abcde", lambda: photograph)
        return lambda chain: nodes.find_chain(chain, None, paintings, files, Ingestion(), Discovery(), **known)[0]

    def test_the_original_says_for_which_it_stands(self, ask):
        table = ask("a;e")
        assert table["painting_id"].tolist() == list("abcd")
        assert table["stands_for"].tolist() == ["", "", "", "e"]

    def test_two_copies_are_no_ends(self, ask):
        with pytest.raises(ValueError, match="d and e are copies of one painting"):
            ask("d;e")
