"""`grisaille similar` and `grisaille path` as a user types them, on the project that was run."""

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from grisaille.cli.similar import _start_tensorflow
from grisaille.codes.linear import LinearCode
from grisaille.demo import painter as gallery
from grisaille.likenesses.colour import palette
from grisaille.lookalikes.embedding import Embedder
from grisaille.parameters import Autoencoder, Backbone, Chunk, Colour
from helpers import command, raw_distances

ARTIST = gallery.ARTISTS[0]


@pytest.fixture
def ask(demo_run, tmp_path):
    """A function that gives a command, and returns what it printed and the folder of its answer."""
    count = itertools.count()

    def given(*arguments, said=""):
        folder = tmp_path / f"answer{next(count)}"
        done = demo_run.grisaille(*map(str, arguments), "-o", str(folder), said=said, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done, folder

    return given


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A painting by an artist of the gallery that does not hang there."""
    path = tmp_path_factory.mktemp("pictures") / "a stranger's $5 <b>picture.png"
    path.write_bytes(gallery.png(gallery.work(ARTIST, 3, seed=77)))
    return path


@pytest.fixture(scope="module")
def hanging(tmp_path_factory):
    """The file of a painting that hangs in the demo's gallery."""
    path = tmp_path_factory.mktemp("pictures") / "hanging.png"
    path.write_bytes(gallery.png(gallery.work(ARTIST, 4, seed=0)))
    return path


class TestEmbedding:
    def test_a_painting_of_the_collection_gets_the_embedding_that_is_stored(self, demo_run, small_cnn, hanging):
        chunks = {
            "pool5": Chunk(layer="block5_pool", start=0, stop=128),
            "top": Chunk(layer="block4_pool", start=0, stop=256),
            "bottom": Chunk(layer="block4_pool", start=256, stop=512),
        }
        paths = {
            f"{name}.{kind}": f"06_models/{name}/{kind}_encoder.keras"
            for name in chunks
            for kind in ("composition", "style")
        }
        paths["palette.colour"] = "06_models/palette/colour_encoder.keras"
        settings = Autoencoder(components=24, channels=8, code_size=8)
        folder = demo_run.newest("07_model_output/composition_codes")
        embedder = Embedder(
            backbone=Backbone(model_file=small_cnn),
            chunks=chunks,
            autoencoder=settings,
            colour=Colour(),
            encoders={
                name: keras.saving.load_model(demo_run.newest(path), compile=False) for name, path in paths.items()
            },
            code=LinearCode.of({path.stem: np.load(path) for path in folder.glob("*.npy")}),
        )
        paintings = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))
        row = paintings["path"].tolist().index(f"{ARTIST.name.replace(' ', '_')}_5.png")
        found = embedder([hanging.read_bytes] * 2, ["composition", "style", "colour"], 150)
        for likeness, embeddings in found.items():
            stored = np.load(demo_run.newest(f"07_model_output/{likeness}_embeddings.npy"))
            np.testing.assert_allclose(embeddings, stored[[row, row]], rtol=1e-3, atol=1e-4, err_msg=likeness)

    def test_what_explains_a_painting_is_what_was_stored_of_it(self, demo_run, small_cnn, hanging):
        backbone = Backbone(model_file=small_cnn)
        embedder = Embedder(backbone, {}, Autoencoder(), Colour(), encoders={}, code=None)
        (evidence,) = embedder.evidence([hanging.read_bytes], ["style", "colour"], 150)
        assert {layer: maps.shape for layer, maps in evidence.features.items()} == {
            "block4_pool": (8, 8, 8),
            "block5_pool": (4, 4, 8),
        }
        paintings = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))
        row = paintings["path"].tolist().index(f"{ARTIST.name.replace(' ', '_')}_5.png")
        stores = demo_run.features()
        for layer, maps in evidence.features.items():
            np.testing.assert_allclose(maps.ravel(), stores[layer][row], rtol=2e-3, atol=1e-3)
        np.testing.assert_array_equal(palette(evidence.image, 8, 64), stores["colour"][row])
        (coloured,) = embedder.evidence([hanging.read_bytes], ["colour"], 150)
        assert not coloured.features


class TestSimilar:
    def test_a_stranger_and_a_painting_that_hangs_there(self, ask, stranger, hanging):
        done, folder = ask("similar", stranger, hanging, "--count", "7")
        table = pd.read_csv(folder / "look_alikes.csv")
        assert table.groupby("query", sort=False).size().to_dict() == {stranger.name: 7, hanging.name: 7}
        assert table.groupby("query", sort=False)["in_collection"].first().tolist() == [False, True]
        strangers = table[table["query"] == stranger.name]
        assert strangers["distance"].is_monotonic_increasing
        assert strangers["distance_percentile"].between(0, 1).all()
        # Its own painter's other works are the likeliest to be found, in whatever the network sees.
        assert ARTIST.name in set(strangers["artist"])
        assert f"{ARTIST.name.replace(' ', '_')}_5" not in set(table.loc[table["in_collection"], "painting_id"])
        sheets = sorted(folder.glob("*.png"))
        assert [sheet.name for sheet in sheets] == [f"001_{stranger.stem}.png", f"002_{hanging.stem}.png"]
        assert [Image.open(sheet).size > (800, 300) for sheet in sheets] == [True, True]
        assert f"{hanging.name} (this file is in the collection)" in done.stdout

    def test_a_painting_by_its_name_is_answered_as_its_file(self, ask, hanging):
        by_file, by_name = (
            pd.read_csv(ask("similar", asked, "--likeness", "style")[1] / "look_alikes.csv")
            for asked in (hanging, f"{ARTIST.name} 5")
        )
        assert set(by_name["query"]) == {f"{ARTIST.name.replace(' ', '_')}_5"}
        pd.testing.assert_frame_equal(by_file.drop(columns="query"), by_name.drop(columns="query"))

    def test_by_all_likenesses(self, ask, stranger):
        done, folder = ask("similar", stranger, "--likeness", "all", "-n", "3")
        every = ["composition", "style", "colour", "mixture"]
        table = pd.read_csv(folder / "look_alikes.csv")
        assert table.groupby("likeness", sort=False).size().to_dict() == dict.fromkeys(every, 3)
        assert [line.strip() for line in done.stdout.splitlines() if line.startswith(" by ")] == [
            f"by {likeness}" for likeness in every
        ]
        assert Image.open(next(folder.glob("*.png"))).height > 4 * 200
        # What each answers by itself is what it answers among all; the mixture answers unless another is named.
        for named, likeness in ((["--likeness", "style"], "style"), ([], "mixture")):
            done, folder = ask("similar", stranger, *named, "-n", "3")
            assert f"By {likeness}, in the embeddings of" in done.stdout
            alone, among = pd.read_csv(folder / "look_alikes.csv"), table[table["likeness"] == likeness]
            pd.testing.assert_frame_equal(alone, among.reset_index(drop=True))

    def test_why_is_shown_in_every_likeness_of_the_mixture(self, ask, stranger, hanging):
        _, folder = ask("similar", stranger, hanging, "--why")
        names = [f"{n:03d}_{stem}" for n, stem in enumerate([stranger.stem, hanging.stem], start=1)]
        expected = [f"{name}{kind}.png" for name in names for kind in ("", "_why_mixture")]
        assert sorted(path.name for path in folder.glob("*.png")) == sorted(expected)
        # Six look-alikes, a row each.
        assert Image.open(folder / expected[1]).height > 6 * 200

    def test_pictures_that_moved_leave_blanks_and_no_reasons(self, ask, stranger, tmp_path):
        (tmp_path / "empty").mkdir()
        done, folder = ask("similar", stranger, "--why", "--pictures", tmp_path / "empty")
        assert done.stderr.count("Name their folder with --pictures") == 1
        assert [path.name for path in folder.glob("*.png")] == [f"001_{stranger.stem}.png"]

    def test_two_files_of_one_name_get_two_answers(self, ask, stranger, hanging, tmp_path):
        other = shutil.copy(hanging, tmp_path / stranger.name)
        done, folder = ask("similar", stranger, other)
        told = pd.read_csv(folder / "look_alikes.csv").groupby("query", sort=False)["in_collection"].first()
        assert told.tolist() == [False, True]
        assert [name.rpartition("/")[2] for name in told.index] == [stranger.name, stranger.name]
        assert done.stdout.count("(this file is in the collection)") == 1

    def test_one_after_another_by_name(self, ask, stranger, hanging):
        done, folder = ask("similar", "-", said=f"{stranger}\n\nnowhere.png\n{hanging}\n")
        assert sorted(path.name for path in folder.glob("*.png")) == [
            f"001_{stranger.stem}.png",
            f"002_{hanging.stem}.png",
        ]
        assert "there is no nowhere.png" in done.stderr
        assert pd.read_csv(folder / "look_alikes.csv")["query"].nunique() == 2

    def test_without_a_folder_it_is_stored_beside_the_run(self, demo_run, hanging):
        done = demo_run.grisaille("similar", str(hanging))
        folder = Path(done.stdout.splitlines()[-1])
        assert folder.parent == demo_run.data / "08_reporting" / "look_alikes"
        assert (folder / "look_alikes.csv").is_file()
        shutil.rmtree(folder.parent)

    @pytest.mark.parametrize("content", [b"<html>", None])
    def test_no_picture(self, demo_run, tmp_path, content):
        if content is not None:
            (tmp_path / "page.jpg").write_bytes(content)
        done = demo_run.grisaille("similar", str(tmp_path / "page.jpg"), check=False)
        assert done.returncode == 1
        assert ("page.jpg: not an image" if content else "there is no ") in done.stderr
        assert "Traceback" not in done.stderr


class TestShortlist:
    @pytest.mark.parametrize("likeness", ["composition", "style"])
    def test_ordered_by_stored_features_it_answers_as_these_do(self, ask, demo_run, hanging, likeness):
        _, folder = ask("similar", hanging, "--likeness", likeness, "--shortlist", "60", "-n", "5")
        found = pd.read_csv(folder / "look_alikes.csv")
        near = pd.read_parquet(demo_run.newest("08_reporting/neighbours.parquet"))
        expected = raw_distances(near, f"{ARTIST.name.replace(' ', '_')}_5", likeness)
        known = found[found["painting_id"].isin(expected.index)]
        assert len(known) >= 4
        np.testing.assert_allclose(known["distance"], expected[known["painting_id"]], rtol=1e-3)
        assert found["distance"].is_monotonic_increasing
        assert found["distance_percentile"].isna().all()

    def test_there_are_no_codes_of_the_mixture(self, demo_run, hanging):
        done = demo_run.grisaille("similar", str(hanging), "--shortlist", "60", check=False)
        assert done.returncode == 1
        assert "needs codes, which exist for composition and style" in done.stderr

    def test_it_needs_features(self, demo_run, hanging):
        folder = demo_run.data / "04_feature"
        folder.rename(folder.with_name("elsewhere"))
        try:
            asked = ("similar", str(hanging), "--likeness", "style", "--shortlist", "60")
            done = demo_run.grisaille(*asked, check=False)
        finally:
            folder.with_name("elsewhere").rename(folder)
        assert done.returncode == 1
        assert "are no longer stored" in done.stderr


class TestStarting:
    def test_where_nothing_was_embedded_nothing_is_waited_for(self, demo_run, stranger):
        """In a process of its own: a warm one has imported Keras."""
        given = ("similar", str(stranger), "--env", "paper")
        done = command("grisaille", *given, cwd=demo_run.project, check=False, environment={})
        assert done.returncode == 1
        assert "no run left embeddings in " in done.stderr
        assert "run `kedro run` first" in done.stderr
        assert "tensorflow" not in done.stderr.lower()

    def test_tensorflow_starts_in_silence(self, capfd, monkeypatch):
        monkeypatch.delitem(sys.modules, "keras")
        _start_tensorflow()
        assert capfd.readouterr() == ("", "Loading TensorFlow and the models\n")

    def test_a_painting_of_the_collection_waits_for_neither_kedro_nor_tensorflow(self, demo_run):
        program = (
            "import sys; from grisaille.__main__ import main\n"
            f"main(['similar', '{ARTIST.name}_5'.replace(' ', '_'), '--env', 'demo'], standalone_mode=False)\n"
            "print({'kedro', 'tensorflow'} & set(sys.modules))"
        )
        given = [sys.executable, "-c", program]
        done = subprocess.run(given, cwd=demo_run.project, check=True, capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "set()"
        shutil.rmtree(demo_run.data / "08_reporting" / "look_alikes")


class TestPath:
    def test_between_two_paintings_of_the_collection(self, ask):
        first, last = (artist.name.replace(" ", "_") for artist in (ARTIST, gallery.ARTISTS[-1]))
        done, folder = ask("path", f"{first}_1", f"{last}_2")
        steps = pd.read_csv(folder / "chain.csv")
        assert steps["painting_id"].iloc[[0, -1]].tolist() == [f"{first}_1", f"{last}_2"]
        assert steps["painting_id"].is_unique
        assert (steps["distance"].iloc[1:] > 0).all()
        assert Image.open(folder / "chain.png").width > 400
        assert done.stdout.splitlines()[-1] == str(folder)

    def test_from_a_stranger_to_a_duplicate_for_which_its_original_stands(self, ask, stranger):
        done, folder = ask("path", stranger, "Ilse_Nebel_19")
        steps = pd.read_csv(folder / "chain.csv", keep_default_na=False)
        assert steps["painting_id"].iloc[[0, -1]].tolist() == [stranger.name, "Ilse_Nebel_1"]
        assert steps["stands_for"].tolist() == [*[""] * (len(steps) - 1), "Ilse_Nebel_19"]
        assert "Ilse_Nebel_1  Mist, No. 1, 1880  (stands for its duplicate, Ilse_Nebel_19)" in done.stdout

    def test_between_two_strangers_of_the_same_name(self, ask, stranger, tmp_path):
        other = tmp_path / stranger.name
        other.write_bytes(gallery.png(gallery.work(gallery.ARTISTS[2], 3, seed=78)))
        _, folder = ask("path", stranger, other)
        ends = pd.read_csv(folder / "chain.csv")["painting_id"].iloc[[0, -1]]
        assert ends.nunique() == 2
        assert all(end.endswith(stranger.name) for end in ends)

    def test_a_misspelt_name(self, demo_run):
        done = demo_run.grisaille("path", "Ilse_Nebbel_1", "Jonas_Dunst_2", check=False)
        assert done.returncode == 1
        assert "there is no painting 'Ilse_Nebbel_1'; there are Ilse_Nebel_1" in done.stderr


class TestAfterAnotherTraining:
    @pytest.fixture(scope="class")
    def before(self, demo_run, stranger, tmp_path_factory):
        """A run, and what it answered; another training comes then. Both are taken away in the end."""
        parameters, folder = demo_run.parameters[1], tmp_path_factory.mktemp("before")
        demo_run.again("--pipelines", "autoencoding", "--params", parameters)
        done = demo_run.newest("07_model_output/composition_embeddings.npy").parent.name
        demo_run.grisaille("similar", str(stranger), "-o", str(folder))
        demo_run.again("--pipelines", "autoencoding", "--params", f"{parameters},autoencoder.components=9")
        another = demo_run.newest("07_model_output/composition_embeddings.npy").parent.name
        assert another != done
        yield done, pd.read_csv(folder / "look_alikes.csv")
        for path in [*demo_run.data.rglob(done), *demo_run.data.rglob(another)]:
            shutil.rmtree(path)

    def test_an_older_run_answers_as_it_did(self, ask, stranger, before):
        name, answer = before
        _, folder = ask("similar", stranger, "--run", name)
        pd.testing.assert_frame_equal(pd.read_csv(folder / "look_alikes.csv"), answer)

    def test_a_run_that_had_nothing_to_do_with_it(self, demo_run, stranger, before):
        demo_run.again("--pipelines", "ingestion")
        name = demo_run.newest("03_primary/paintings.parquet").parent.name
        done = demo_run.grisaille("similar", str(stranger), "--run", name, check=False)
        assert done.returncode == 1
        assert f"the run {name} never left embeddings in " in done.stderr

    def test_a_run_that_never_was(self, demo_run, stranger, before):
        done = demo_run.grisaille("similar", str(stranger), "--run", "yesterday", check=False)
        assert done.returncode == 1
        assert "no manifest of the run yesterday" in done.stderr
