"""`grisaille similar` and `grisaille path` as a user types them, on the project that was run."""

import shutil

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
from helpers import command

ARTIST = gallery.ARTISTS[0]


def grisaille(demo_run, *arguments, said=""):
    return demo_run.grisaille(*arguments, check=False, said=said)


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
    def test_a_stranger_and_a_painting_that_hangs_there(self, demo_run, stranger, hanging, tmp_path):
        done = grisaille(demo_run, "similar", str(stranger), str(hanging), "--count", "7", "-o", str(tmp_path / "out"))
        assert done.returncode == 0, done.stderr[-3000:]
        table = demo_run.table("look_alikes.csv")
        assert table.groupby("query", sort=False).size().to_dict() == {stranger.name: 7, hanging.name: 7}
        assert table.groupby("query", sort=False)["in_collection"].first().tolist() == [False, True]
        strangers = table[table["query"] == stranger.name]
        assert strangers["distance"].is_monotonic_increasing
        assert strangers["distance_percentile"].between(0, 1).all()
        # Its own painter's other works are the likeliest to be found, in whatever the network sees.
        assert ARTIST.name in set(strangers["artist"])
        assert f"{ARTIST.name.replace(' ', '_')}_5" not in set(table.loc[table["in_collection"], "painting_id"])
        sheets = sorted((tmp_path / "out").iterdir())
        assert [Image.open(sheet).size > (800, 300) for sheet in sheets] == [True, True]
        assert all(str(sheet) in done.stdout for sheet in sheets)
        assert f"{hanging.name} (this file is in the collection)" in done.stdout

    @pytest.mark.parametrize("likeness", ["composition", "style", "colour"])
    def test_by_another_likeness(self, demo_run, stranger, likeness):
        done = grisaille(demo_run, "similar", str(stranger), "--likeness", likeness)
        assert done.returncode == 0, done.stderr[-3000:]
        assert f"By {likeness}, in the embeddings of" in done.stdout
        assert set(demo_run.table("look_alikes.csv")["likeness"]) == {likeness}

    def test_by_all_likenesses(self, demo_run, stranger, tmp_path):
        done = grisaille(demo_run, "similar", str(stranger), "--likeness", "all", "-n", "3", "-o", str(tmp_path))
        assert done.returncode == 0, done.stderr[-3000:]
        every = ["composition", "style", "colour", "mixture"]
        table = demo_run.table("look_alikes.csv")
        assert table.groupby("likeness", sort=False).size().to_dict() == dict.fromkeys(every, 3)
        assert [line.strip() for line in done.stdout.splitlines() if line.startswith(" by ")] == [
            f"by {likeness}" for likeness in every
        ]
        (sheet,) = tmp_path.iterdir()
        assert Image.open(sheet).height > 4 * 200
        # What each answers by itself is what it answers among all.
        for likeness in ("mixture", "style"):
            grisaille(demo_run, "similar", str(stranger), "--likeness", likeness, "-n", "3")
            alone, among = demo_run.table("look_alikes.csv"), table[table["likeness"] == likeness]
            pd.testing.assert_frame_equal(alone, among.reset_index(drop=True))

    def test_why_is_shown_in_every_likeness_of_the_mixture(self, demo_run, stranger, hanging, tmp_path):
        done = grisaille(demo_run, "similar", str(stranger), str(hanging), "--why", "-o", str(tmp_path))
        assert done.returncode == 0, done.stderr[-3000:]
        names = [f"{n:03d}_{stem}" for n, stem in enumerate([stranger.stem, hanging.stem], start=1)]
        expected = [f"{name}{kind}.png" for name in names for kind in ("", "_why_mixture")]
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)
        # Six look-alikes, a row each.
        assert Image.open(tmp_path / expected[1]).height > 6 * 200

    def test_why_by_all_likenesses_is_a_sheet_each(self, demo_run, stranger, tmp_path):
        params = "likeness=all,discovery.why=true,discovery.look_alikes=2"
        done = grisaille(demo_run, "similar", str(stranger), "--params", params, "-o", str(tmp_path))
        assert done.returncode == 0, done.stderr[-3000:]
        kinds = {path.stem.rpartition("_why_")[2] for path in tmp_path.glob("*_why_*")}
        assert kinds == {"composition", "style", "colour", "mixture"}

    def test_without_why_nothing_is_explained(self, demo_run, stranger, tmp_path):
        grisaille(demo_run, "similar", str(stranger), "-o", str(tmp_path))
        assert [path.name for path in tmp_path.iterdir()] == [f"001_{stranger.stem}.png"]

    def test_two_files_of_one_name_get_two_answers(self, demo_run, stranger, hanging, tmp_path):
        other = shutil.copy(hanging, tmp_path / stranger.name)
        done = grisaille(demo_run, "similar", str(stranger), str(other))
        assert done.returncode == 0, done.stderr[-3000:]
        told = demo_run.table("look_alikes.csv").groupby("query", sort=False)["in_collection"].first()
        assert told.tolist() == [False, True]
        assert [name.rpartition("/")[2] for name in told.index] == [stranger.name, stranger.name]
        assert done.stdout.count("(this file is in the collection)") == 1

    def test_one_after_another_by_name(self, demo_run, stranger, hanging, tmp_path):
        other = shutil.copy(hanging, tmp_path / stranger.name)
        out = tmp_path / "out"
        done = grisaille(demo_run, "similar", "-", "-o", str(out), said=f"{stranger}\n\nnowhere.png\n{other}\n")
        assert done.returncode == 0, done.stderr[-3000:]
        assert [path.name for path in sorted(out.iterdir())] == [f"{n:03d}_{stranger.stem}.png" for n in (1, 3)]
        assert [line.partition(" (")[0] for line in done.stdout.splitlines() if line.startswith(stranger.name)]
        assert f"{other.name} (this file is in the collection)" in done.stdout
        assert "there is no nowhere.png" in done.stderr

    def test_as_a_pipeline(self, demo_run, stranger):
        parameters = f"query={stranger}"
        demo_run.again("--pipelines", "look_alikes", "--params", parameters)
        assert set(demo_run.table("look_alikes.csv")["query"]) == {stranger.name}

    def test_no_picture(self, demo_run, tmp_path):
        (tmp_path / "page.jpg").write_bytes(b"<html>")
        done = grisaille(demo_run, "similar", str(tmp_path / "page.jpg"))
        assert done.returncode == 1
        assert "page.jpg: not an image" in done.stderr
        assert "Traceback" not in done.stderr


class TestShortlist:
    @pytest.mark.parametrize("likeness", ["composition", "style"])
    def test_ordered_by_stored_features_it_answers_as_these_do(self, demo_run, hanging, likeness):
        done = grisaille(demo_run, "similar", str(hanging), "--likeness", likeness, "--shortlist", "60", "-n", "5")
        assert done.returncode == 0, done.stderr[-3000:]
        found = demo_run.table("look_alikes.csv")
        near = pd.read_parquet(demo_run.newest("08_reporting/neighbours.parquet"))
        metric = "hellinger" if likeness == "composition" else likeness
        name = f"{ARTIST.name.replace(' ', '_')}_5"
        raw = near[(near["space"] == "raw") & (near["likeness"] == metric) & (near["painting_id"] == name)]
        expected = raw.set_index("neighbour_id")["distance"]
        known = found[found["painting_id"].isin(expected.index)]
        assert len(known) >= 4
        np.testing.assert_allclose(known["distance"], expected[known["painting_id"]], rtol=1e-3)
        assert found["distance"].is_monotonic_increasing
        assert found["distance_percentile"].isna().all()

    def test_there_are_no_codes_of_the_mixture(self, demo_run, hanging):
        done = grisaille(demo_run, "similar", str(hanging), "--shortlist", "60")
        assert done.returncode == 1
        assert "codes, which there are of composition and style" in done.stderr

    def test_it_needs_features(self, demo_run, hanging):
        folder = demo_run.data / "04_feature"
        folder.rename(folder.with_name("elsewhere"))
        try:
            done = grisaille(demo_run, "similar", str(hanging), "--likeness", "style", "--shortlist", "60")
        finally:
            folder.with_name("elsewhere").rename(folder)
        assert done.returncode == 1
        assert "there are none of these paintings" in done.stderr


class TestStarting:
    def test_where_nothing_was_embedded_nothing_is_waited_for(self, demo_run, stranger):
        """In a process of its own: a warm one has imported Keras."""
        given = ("similar", str(stranger), "--env", "paper")
        done = command("grisaille", *given, cwd=demo_run.project, check=False, environment={})
        assert done.returncode == 1
        assert "nothing has been embedded yet in " in done.stderr
        assert "run `kedro run`" in done.stderr
        assert "tensorflow" not in done.stderr.lower()
        assert "logging configuration" not in done.stdout + done.stderr

    def test_tensorflow_starts_in_silence(self, capfd):
        _start_tensorflow()
        assert capfd.readouterr() == ("", "")


class TestPath:
    def test_between_two_paintings_of_the_collection(self, demo_run):
        first, last = (artist.name.replace(" ", "_") for artist in (ARTIST, gallery.ARTISTS[-1]))
        done = grisaille(demo_run, "path", f"{first}_1", f"{last}_2")
        assert done.returncode == 0, done.stderr[-3000:]
        steps = demo_run.table("chain.csv")
        assert steps["painting_id"].iloc[[0, -1]].tolist() == [f"{first}_1", f"{last}_2"]
        assert steps["painting_id"].is_unique
        assert (steps["distance"].iloc[1:] > 0).all()
        assert str(demo_run.newest("08_reporting/chain.png")) in done.stdout

    def test_from_a_stranger(self, demo_run, stranger):
        done = grisaille(demo_run, "path", str(stranger), f"{gallery.ARTISTS[1].name} 3")
        assert done.returncode == 0, done.stderr[-3000:]
        assert demo_run.table("chain.csv")["painting_id"].iloc[0] == stranger.name

    def test_from_a_stranger_to_another_of_the_same_name(self, demo_run, stranger, hanging, tmp_path):
        other = shutil.copy(hanging, tmp_path / stranger.name)
        done = grisaille(demo_run, "path", str(stranger), str(other))
        assert done.returncode == 0, done.stderr[-3000:]
        ends = demo_run.table("chain.csv")["painting_id"].iloc[[0, -1]]
        assert ends.nunique() == 2
        assert all(end.endswith(stranger.name) for end in ends)

    def test_by_all_likenesses_at_once_there_is_no_chain(self, demo_run):
        done = grisaille(demo_run, "path", "Ilse_Nebel_1", "Jonas_Dunst_2", "--params", "likeness=all")
        assert done.returncode == 1
        told = "Error: a chain follows one likeness, such as style. Received: likeness=all"
        assert done.stderr.strip().splitlines()[-1] == told

    def test_a_misspelt_name(self, demo_run):
        done = grisaille(demo_run, "path", "Ilse_Nebbel_1", "Jonas_Dunst_2")
        assert done.returncode == 1
        assert "there is no painting 'Ilse_Nebbel_1'; there are Ilse_Nebel_1" in done.stderr


class TestAfterAnotherTraining:
    @pytest.fixture(scope="class")
    def before(self, demo_run, hanging):
        """A run, and what it answered; another training comes then. Both are taken away in the end."""
        parameters = demo_run.parameters[1]
        demo_run.again("--pipelines", "autoencoding", "--params", parameters)
        done = demo_run.newest("07_model_output/composition_embeddings.npy").parent.name
        grisaille(demo_run, "similar", str(hanging))
        answer = demo_run.table("look_alikes.csv")
        demo_run.again("--pipelines", "autoencoding", "--params", f"{parameters},autoencoder.components=9")
        another = demo_run.newest("07_model_output/composition_embeddings.npy").parent.name
        assert another != done
        yield done, answer
        for path in [*demo_run.data.rglob(done), *demo_run.data.rglob(another)]:
            shutil.rmtree(path)

    def test_an_older_run_answers_as_it_did(self, demo_run, hanging, before):
        name, answer = before
        done = grisaille(demo_run, "similar", str(hanging), "--run", name)
        assert done.returncode == 0, done.stderr[-3000:]
        pd.testing.assert_frame_equal(demo_run.table("look_alikes.csv"), answer)

    def test_a_run_that_had_nothing_to_do_with_it(self, demo_run, hanging, before):
        demo_run.again("--pipelines", "ingestion")
        name = demo_run.newest("03_primary/paintings.parquet").parent.name
        done = grisaille(demo_run, "similar", str(hanging), "--run", name)
        assert done.returncode == 1
        assert f"the run {name} neither made nor read embeddings" in done.stderr

    def test_a_run_that_never_was(self, demo_run, hanging, before):
        done = grisaille(demo_run, "similar", str(hanging), "--run", "yesterday")
        assert done.returncode == 1
        assert "no manifest of the run yesterday" in done.stderr

    @pytest.mark.parametrize("named", ["composition_embeddings", "top.composition_encoder", "composition_codes"])
    def test_what_belongs_to_a_version_that_is_named_follows_it(self, demo_run, hanging, before, named):
        options = ("--pipelines", "look_alikes", "--load-versions", f"{named}:{before[0]}")
        demo_run.again(*options, "--params", f"query={hanging}")
        pd.testing.assert_frame_equal(demo_run.table("look_alikes.csv"), before[1])


class TestOtherSettings:
    @pytest.mark.parametrize("given", ["backbone.preprocessing=none", "autoencoder.likeness=euclidean"])
    def test_a_difference_that_would_give_a_wrong_answer_is_refused_in_one_line(self, demo_run, hanging, given):
        done = grisaille(demo_run, "similar", str(hanging), "--params", given)
        assert done.returncode == 1
        (line,) = done.stderr.strip().splitlines()
        assert f"was made with {given.partition('=')[0]}=" in line

    def test_what_makes_no_difference_to_it_is_taken(self, demo_run, hanging):
        done = grisaille(demo_run, "similar", str(hanging), "--params", "discovery.look_alikes=3")
        assert done.returncode == 0, done.stderr[-3000:]
        assert len(demo_run.table("look_alikes.csv")) == 3
