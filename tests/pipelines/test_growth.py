"""A collection that grows, shrinks and is renamed, and another that shares some of its paintings."""

import shutil

import numpy as np
import pandas as pd
import pytest

from chaos import QUICK
from helpers import command, encode, kedro, picture


class Gallery:
    """A folder of paintings, and a project that looks at them."""

    def __init__(self, demo_run, root):
        self.folder, self.project, self.storage = root / "paintings", root / "project", root / "data"
        shutil.copytree(demo_run.untouched, self.project, ignore=shutil.ignore_patterns("data"))
        (self.project / "conf" / "demo" / "catalog.yml").unlink()
        self._given = f"{demo_run.parameters[1]},{QUICK},storage={self.storage}"

    def add(self, *numbers, folder=None):
        folder = folder or self.folder
        folder.mkdir(exist_ok=True)
        for number in numbers:
            (folder / f"{'Ada' if number % 2 else 'Bo'}_{number}.png").write_bytes(encode(picture(number)))

    def extract(self, folder=None):
        """What a run says."""
        given = f"{self._given},paintings_folder={folder or self.folder}"
        pipelines = ("--pipelines", "ingestion,feature_extraction")
        return kedro("run", "--env", "demo", *pipelines, "--params", given, cwd=self.project).stdout

    def run(self, more="", pipelines="__default__", *options):
        """What a whole run says, or some of its pipelines."""
        given = f"{self._given},paintings_folder={self.folder}" + (f",{more}" if more else "")
        where = ("--env", "demo", "--pipelines", pipelines, *options)
        return kedro("run", *where, "--params", given, cwd=self.project).stdout

    def versions(self, path):
        """All versions of a result, oldest first."""
        return sorted((self.storage / path).glob(f"*/{path.split('/')[-1]}"))

    def clean(self, *options, said=""):
        where = ("--env", "demo", "--storage", str(self.storage))
        return command("grisaille", "clean", *where, *options, cwd=self.project, check=False, said=said)


@pytest.fixture(scope="module")
def gallery(demo_run, tmp_path_factory):
    gallery = Gallery(demo_run, tmp_path_factory.mktemp("gallery"))
    gallery.add(*range(12))
    gallery.extract()
    return gallery


def test_a_collection_that_changes(gallery):
    gallery.add(12, 13, 14)
    assert "12 known, 3 new" in gallery.extract()
    for number in (1, 3):
        (gallery.folder / f"Ada_{number}.png").unlink()
    for number in (5, 7):
        (gallery.folder / f"Ada_{number}.png").rename(gallery.folder / f"Cy_{number}.png")
    assert "13 known, 0 new" in gallery.extract()
    another = gallery.folder.with_name("another")
    gallery.add(2, 4, 6, 20, 21, folder=another)
    assert "3 known, 2 new" in gallery.extract(another)

    said = gallery.clean(said="n\n")
    assert f"current: 13 paintings of {gallery.folder}" in said.stdout
    assert f"current: 5 paintings of {another}" in said.stdout
    assert "features of 17 paintings, 2 of which are in no current collection" in said.stdout
    assert said.returncode == 1
    assert "13 known, 0 new" in gallery.extract()

    said = gallery.clean("--yes", "--forget", str(another))
    assert "features of 17 paintings, 4 of which are in no current collection" in said.stdout
    assert "there is nothing to remove" in gallery.clean("--forget", str(another)).stdout
    assert "13 known, 0 new" in gallery.extract()
    assert "3 known, 2 new" in gallery.extract(another)

    said = gallery.clean("--forget", "/nowhere")
    assert said.returncode == 2
    assert "no run has read /nowhere" in said.stderr


class TestKeptEncoders:
    """A collection of 24 paintings to which two are added, one of them a copy of a file that is there."""

    @pytest.fixture(scope="class")
    def kept(self, demo_run, tmp_path_factory):
        gallery = Gallery(demo_run, tmp_path_factory.mktemp("kept"))
        gallery.add(*range(30, 54))
        before = gallery.run()
        gallery.add(60)
        (gallery.folder / "Cy_1.png").write_bytes((gallery.folder / "Bo_30.png").read_bytes())
        after = gallery.run("autoencoder.retrain=never")
        return gallery, before, after

    def test_no_run_before_it(self, demo_run, tmp_path):
        gallery = Gallery(demo_run, tmp_path)
        gallery.add(*range(5))
        with pytest.raises(AssertionError, match=r"no encoders to keep yet: remove autoencoder\.retrain=never"):
            gallery.run("autoencoder.retrain=never")

    def test_nothing_is_fitted_and_nothing_stored_twice(self, kept):
        gallery, _, after = kept
        assert "fit_style_encoder" not in after
        assert "train_autoencoder" not in after
        for name in ("pool5/composition_encoder", "top/style_encoder", "palette/colour_encoder"):
            first, last = gallery.versions(f"06_models/{name}.keras")
            assert first.stat().st_ino == last.stat().st_ino

    def test_embeddings_of_known_paintings_stay_as_they_were(self, kept):
        gallery, *_ = kept
        (old, new) = (pd.read_parquet(path) for path in gallery.versions("03_primary/picture_files.parquet"))
        rows = [new["path"].tolist().index(path) for path in old["path"]]
        for likeness in ("composition", "style", "colour"):
            first, last = map(np.load, gallery.versions(f"07_model_output/{likeness}_embeddings.npy"))
            np.testing.assert_allclose(last[rows], first, rtol=1e-4, atol=1e-5)

    def test_known_paintings_stay_on_their_sides(self, kept):
        gallery, *_ = kept
        old, new = (
            pd.read_parquet(path).set_index("path")["split"]
            for path in gallery.versions("03_primary/picture_files.parquet")
        )
        assert new[old.index].tolist() == old.tolist()
        assert new["Bo_60.png"] == "added"
        assert new["Cy_1.png"] == old["Bo_30.png"]

    def test_what_is_kept_of_the_new_ones(self, kept):
        gallery, _, after = kept
        table = pd.read_csv(gallery.versions("08_reporting/growth.csv")[-1]).set_index("paintings")
        assert table["queries"].to_dict() == {"added": 1, "held_out": 2}
        assert table["fitted_on"].unique().tolist() == [23]
        assert table["recall"].between(0.2, 1).all()
        assert "The encoders were kept; they were fitted on 23 of these paintings." in after

    def test_what_comes_after_finds_all_of_it_in_order(self, kept):
        gallery, *_ = kept
        new = gallery.folder / "Bo_60.png"
        answer = command("grisaille", "similar", str(new), "--storage", str(gallery.storage), cwd=gallery.project)
        assert "Bo_60.png (this file is in the collection)" in answer.stdout

    def test_a_stranger_is_embedded_by_the_kept_encoders(self, kept, tmp_path):
        (tmp_path / "stranger.png").write_bytes(encode(picture(99)))
        asked = ("similar", str(tmp_path / "stranger.png"), "--storage", str(kept[0].storage), "-o", str(tmp_path))
        command("grisaille", *asked, cwd=kept[0].project)
        assert len(pd.read_csv(tmp_path / "look_alikes.csv")) == 10

    def test_later_pipelines_read_all_of_it(self, kept):
        gallery, *_ = kept
        said = gallery.run(pipelines="evaluation,discovery")
        assert "is older than" not in said
        assert "1 of them came after the encoders were fitted" in said
        verified = command(
            "grisaille", "verify", "newest", "--env", "demo", "--storage", str(gallery.storage), cwd=gallery.project
        )
        assert "changed" not in verified.stdout

    def test_ingestion_alone_splits_anew_but_not_for_kept_encoders(self, kept):
        gallery, *_ = kept
        gallery.run(pipelines="ingestion")
        newest = "03_primary/picture_files.parquet"
        assert "added" not in pd.read_parquet(gallery.versions(newest)[-1])["split"].tolist()
        gallery.run("autoencoder.retrain=never", "__default__", "--only-missing-outputs")
        assert "added" in pd.read_parquet(gallery.versions(newest)[-1])["split"].tolist()
        assert pd.read_csv(gallery.versions("08_reporting/growth.csv")[-1])["fitted_on"].unique().tolist() == [23]

    def test_auto(self, kept):
        gallery, *_ = kept
        assert "keeping the earlier encoders" in gallery.run("autoencoder.retrain=auto", pipelines="ingestion")
        other = gallery.run("autoencoder.retrain=auto,autoencoder.components=5", pipelines="ingestion")
        assert "retraining, because they were made with autoencoder.components=" in other
        gallery.add(*range(70, 78))
        grown = gallery.run("autoencoder.retrain=auto", pipelines="ingestion")
        assert "retraining, because the collection has grown from" in grown
