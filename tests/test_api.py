"""`grisaille.open` on what a run has left."""

import doctest
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import grisaille
from grisaille.demo import painter as gallery
from grisaille.provenance import stamps
from grisaille.provenance.manifest import ManifestError
from grisaille.provenance.stored_run import NothingStoredError
from helpers import flip

ARTIST = gallery.ARTISTS[0].name.replace(" ", "_")


@pytest.fixture(scope="module")
def data(demo_run):
    """The storage of the run alone: other tests run more in the project."""
    return demo_run.untouched / "data" / "demo"


@pytest.fixture(scope="module")
def collection(demo_run):
    return grisaille.open(demo_run.untouched, env="demo")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "stranger.png"
    path.write_bytes(gallery.png(gallery.work(gallery.ARTISTS[0], 3, seed=77)))
    return path


def test_importing_it_is_light():
    code = "import sys, grisaille, grisaille.api; print({'kedro', 'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_examples_in_docstrings(demo_run):
    found = doctest.testmod(grisaille, extraglobs={"project": demo_run.untouched})
    assert found.attempted
    assert not found.failed


class TestWhatIsStored:
    def test_paintings_and_embeddings(self, collection, demo_run):
        assert collection.likenesses == ["composition", "style", "colour", "mixture"]
        pd.testing.assert_frame_equal(
            collection.paintings, pd.read_parquet(demo_run.first("03_primary/paintings.parquet"))
        )
        stored = np.load(demo_run.first("07_model_output/composition_embeddings.npy"))
        np.testing.assert_array_equal(collection.embeddings("composition"), stored)
        assert repr(collection).startswith(
            "<Collection of 181 paintings by composition, style, colour, mixture, run 20"
        )
        with pytest.raises(ValueError, match="likeness=vectors was not made; there are composition, style"):
            collection.embeddings("vectors")

    def test_a_project_and_its_storage_are_the_same(self, collection, data):
        assert grisaille.open(data).run == collection.run
        assert grisaille.open(data, run=collection.run).storage == collection.storage

    def test_nothing_is_there(self, demo_run, data, tmp_path):
        with pytest.raises(NothingStoredError, match="is no project, and no run has stored anything in it"):
            grisaille.open(tmp_path)
        with pytest.raises(NothingStoredError, match=r"no run left embeddings in .*: run `kedro run` first"):
            grisaille.open(demo_run.untouched, env="paper")
        with pytest.raises(ManifestError, match="no manifest of the run 2020"):
            grisaille.open(data, run="2020")

    def test_what_is_damaged_is_not_read(self, data, tmp_path):
        shutil.copytree(data, tmp_path / "data")
        (path,) = (tmp_path / "data").glob("07_model_output/style_embeddings.npy/*/style_embeddings.npy")
        flip(path)
        opened = grisaille.open(tmp_path / "data")
        assert len(opened.embeddings("colour")) == 181
        with pytest.raises(NothingStoredError, match=r"style_embeddings\.npy is damaged"):
            opened.embeddings("style")

    def test_only_what_fits_to_the_embeddings_is_read(self, data, tmp_path):
        """Paintings of another collection, as a later run would leave them: their stamp says so."""
        shutil.copytree(data, tmp_path / "data")
        opened = grisaille.open(tmp_path / "data")
        (path,) = (tmp_path / "data").glob("03_primary/paintings.parquet/*/paintings.parquet")
        stamp = stamps.read(path)
        stamp["recipe"]["picture_files"]["checksum"] = "0" * 64
        stamps.write(path, stamp)
        with pytest.raises(NothingStoredError, match="no stored paintings fit to the embeddings of"):
            _ = opened.paintings


class TestSimilar:
    @pytest.mark.parametrize("likeness", ["composition", "style", "colour", "mixture"])
    def test_a_painting_of_the_collection(self, collection, likeness):
        found = collection.similar(f"{ARTIST}_5", likeness, n=5)
        assert found.columns.tolist() == [
            "rank", "painting_id", "artist", "title", "date", "museum", "distance", "distance_percentile",
        ]  # fmt: skip
        assert found["rank"].tolist() == [1, 2, 3, 4, 5]
        points = collection._embedded.points(likeness)
        row = collection.paintings["painting_id"].tolist().index(f"{ARTIST}_5")
        squares = points.squares_to(points[np.array([row])])[:, 0]
        squares[collection.paintings["duplicate_of"].notna()] = np.inf
        squares[row] = np.inf
        expected = collection.paintings["painting_id"].iloc[np.argsort(squares, kind="stable")[:5]]
        assert found["painting_id"].tolist() == expected.tolist()

    def test_a_stranger_as_the_command_answers(self, collection, demo_run, stranger):
        done = demo_run.grisaille("similar", str(stranger), "-n", "6", "--run", collection.run)
        assert f"in the embeddings of {collection.run}" in done.stdout
        expected = demo_run.table("look_alikes.csv")
        found = collection.similar(stranger, n=6)
        assert found["painting_id"].tolist() == expected["painting_id"].tolist()
        np.testing.assert_allclose(found["distance"], expected["distance"], rtol=1e-4)
        np.testing.assert_allclose(found["distance_percentile"], expected["distance_percentile"])
        assert found["title"].tolist() == expected["title"].tolist()

    def test_many_threads_get_the_answers_of_one(self, data, stranger):
        asked = [stranger, *(f"{artist.name} 3" for artist in gallery.ARTISTS[:7])] * 2
        alone = grisaille.open(data)
        expected = [alone.similar(picture, "style") for picture in asked]
        shared = grisaille.open(data)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda picture: shared.similar(picture, "style"), asked))
        for found, told in zip(answers, expected, strict=True):
            pd.testing.assert_frame_equal(found, told)

    def test_what_is_not_there(self, collection, tmp_path):
        with pytest.raises(ValueError, match="there is no painting 'Ilse_Nabel_1'; there are"):
            collection.similar("Ilse_Nabel_1")
        with pytest.raises(ValueError, match="there is no picture or folder"):
            collection.similar(tmp_path / "gone.jpg")
        with pytest.raises(ValueError, match="likeness=taste was not made"):
            collection.similar("Ilse_Nebel_1", "taste")


class TestChain:
    def test_as_the_command_answers(self, collection, demo_run):
        demo_run.grisaille("path", "Ilse_Nebel_1", "Greta_Gitter_2", "--likeness", "style", "--run", collection.run)
        expected = demo_run.table("chain.csv")
        found = collection.chain("Ilse_Nebel_1", "Greta_Gitter_2", "style")
        assert found["painting_id"].tolist() == expected["painting_id"].tolist()
        assert found["step"].tolist() == expected["step"].tolist()
        np.testing.assert_allclose(found["distance"], expected["distance"], rtol=1e-4)

    def test_a_duplicate_is_its_original(self, collection):
        with pytest.raises(ValueError, match="Ilse_Nebel_1 and Ilse_Nebel_19 are one painting"):
            collection.chain("Ilse_Nebel_1", "Ilse_Nebel_19")
        found = collection.chain("Ilse_Nebel_19", "Greta_Gitter_2")
        assert found["painting_id"].iloc[0] == "Ilse_Nebel_1"
