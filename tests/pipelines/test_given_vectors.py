"""Vectors that came with a collection, as a likeness alone and beside ours, in the demo's gallery."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from grisaille.demo import painter as gallery
from helpers import command, kedro

ARTIST = gallery.ARTISTS[0].name.replace(" ", "_")


@pytest.fixture(scope="module")
def vectors(demo_run, tmp_path_factory):
    """The file, and the vectors of the paintings in the order of the collection."""
    folder = tmp_path_factory.mktemp("vectors")
    paintings = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))
    random, names = np.random.default_rng(0), paintings["path"]
    artists = pd.factorize(paintings["artist"])[0]
    values = random.normal(size=(len(paintings), 96)) + 2 * random.normal(size=(artists.max() + 1, 96))[artists]
    shuffled = random.permutation(len(values))
    np.save(folder / "v.npy", values[shuffled].astype(np.float16))
    (folder / "v.txt").write_text("\n".join(names.iloc[shuffled]) + "\n")
    return folder / "v.npy", values.astype(np.float16).astype(float)


def nearest(values, row, k):
    """By the angle between vectors."""
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    return [other for other in np.argsort(-unit @ unit[row], kind="stable") if other != row][:k]


class TestAlone:
    @pytest.fixture(scope="class")
    def alone(self, demo_run, vectors, tmp_path_factory):
        """The storage of a run without a CNN, and what it said."""
        storage = tmp_path_factory.mktemp("alone")
        given = f"features_file={vectors[0]},likenesses=[vectors],storage={storage}"
        pipelines = ("--pipelines", "__default__,discovery")
        done = kedro("run", "--env", "demo", *pipelines, "--params", given, cwd=demo_run.project)
        return storage, done.stdout

    def load(self, storage, name):
        path = max((storage / "08_reporting" / name).iterdir()) / name
        return pd.read_csv(path) if name.endswith(".csv") else pd.read_parquet(path)

    def test_nothing_of_ours_is_made(self, alone):
        storage, _ = alone
        assert not (storage / "04_feature").exists()
        assert not (storage / "06_models").exists()
        assert [path.name for path in (storage / "07_model_output").glob("*_embeddings.npy")] == [
            "vectors_embeddings.npy"
        ]

    def test_neighbours_are_those_of_the_angles(self, alone, vectors, demo_run):
        found = self.load(alone[0], "embedding_neighbours.parquet")
        names = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))["painting_id"]
        for row in (0, 50, 180):
            own = found[found["painting_id"] == names[row]].sort_values("rank")["neighbour_id"]
            assert own.tolist() == names.iloc[nearest(vectors[1], row, 10)].tolist()

    def test_the_same_tables(self, alone):
        useful = self.load(alone[0], "usefulness.csv")
        of_all = useful[useful["paintings"] == "all"].set_index(["space", "likeness"])
        assert of_all.loc[("raw", "vectors"), "values"] == 96
        assert of_all.loc[("pca", "vectors"), "values"] == 24
        # The vectors of an artist lie around a direction of their own.
        assert of_all.loc[("raw", "vectors"), "precision"] > 0.9
        recommended = self.load(alone[0], "recommendations.csv")
        own = recommended[(recommended["kind"] == "artist") & (recommended["likeness"] == "vectors")]
        assert list(zip(own["space"], own["diversity"], strict=True)) == [("raw", 0), ("pca", 0), ("raw", 0.3)]
        assert own["recall"].iloc[0] > 0.9
        kept = self.load(alone[0], "preservation.csv")
        assert {(row.space, row.likeness) for row in kept.itertuples()} == {("pca", "vectors")}
        codes = self.load(alone[0], "kept_by_codes.csv")
        assert set(codes["likeness"]) == {"vectors"}
        embedding = codes[codes["code"] == "embedding"]
        assert (embedding["bytes"].item(), embedding["recall"].item()) == (4 * 96, 1.0)

    def test_report_and_explorer(self, alone):
        storage, said = alone
        assert "181 paintings by 10 artists." in said
        report = (storage / "08_reporting" / "report.html").read_text()
        assert "Features from given vectors (96 values), computed elsewhere" in report
        words = re.sub(r'data:image[^"]*', "", report.split("<body>")[1].split("<h2>Reproduce this report")[0])
        assert not re.search(r"autoencoder|composition|embedding of|\bnan\b", words, re.I)
        explorer = (storage / "08_reporting" / "explorer.html").read_text()
        assert '"likenesses":["vectors"]' in explorer

    def test_a_painting_of_the_collection_is_answered_and_a_stranger_refused(self, alone, vectors, demo_run, tmp_path):
        names = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))["painting_id"]
        row = names.tolist().index(f"{ARTIST}_5")
        (tmp_path / "hanging.png").write_bytes(gallery.png(gallery.work(gallery.ARTISTS[0], 4, seed=0)))
        (tmp_path / "stranger.png").write_bytes(gallery.png(gallery.work(gallery.ARTISTS[0], 3, seed=77)))

        def ask(picture, *more):
            where = ("--storage", str(alone[0]), "-o", str(tmp_path / "answer"))
            given = ("similar", str(tmp_path / picture), "-n", "3", *where, *more)
            return command("grisaille", *given, cwd=demo_run.project, check=False)

        done = ask("hanging.png")
        assert done.returncode == 0, done.stderr[-3000:]
        assert "By vectors, in the embeddings of" in done.stdout
        found = pd.read_csv(tmp_path / "answer" / "look_alikes.csv")["painting_id"].tolist()
        assert found == names.iloc[nearest(vectors[1], row, 3)].tolist()
        assert "stranger.png is not in the collection, so it has no vectors" in ask("stranger.png").stderr
        assert "vectors cannot show where pictures are alike" in ask("hanging.png", "--why").stderr


class TestBesideOurs:
    @pytest.fixture(scope="class")
    def beside(self, demo_run, vectors):
        """The nodes of the run that added them to a collection that was embedded before."""
        given = f"{demo_run.parameters[1]},features_file={vectors[0]}"
        demo_run.again("--only-missing-outputs", "--params", given)
        manifest = json.loads(demo_run.newest("08_reporting/run_manifest.json").read_text())
        return {name.rpartition(".")[2] for name in manifest["node_seconds"]}

    def test_nothing_is_trained_for_them(self, beside):
        assert "join_vectors" in beside
        assert not {"extract_features", "compress_chunk", "encode_chunk", "join_codes"} & beside

    def test_they_stand_in_every_table(self, beside, demo_run):
        useful = demo_run.table("usefulness.csv")
        assert {"composition", "style", "colour", "mixture", "vectors"} <= set(useful["likeness"])
        assert {"raw_vectors", "embedding_composition"} <= set(demo_run.table("pair_silhouettes.csv"))
        assert set(demo_run.table("kept_by_codes.csv")["likeness"]) == {"composition", "style", "vectors"}

    def test_questions_are_answered_by_them_too(self, beside, demo_run, tmp_path):
        for name, number, seed in (("hanging", 4, 0), ("stranger", 3, 77)):
            data = gallery.png(gallery.work(gallery.ARTISTS[0], number, seed=seed))
            (tmp_path / f"{name}.png").write_bytes(data)
            done = demo_run.grisaille("similar", str(tmp_path / f"{name}.png"), "--likeness", "all", "-n", "2")
            told = [line.strip() for line in done.stdout.splitlines() if line.startswith(" by ")]
            ours = ["by composition", "by style", "by colour", "by mixture"]
            assert sorted(told) == sorted([*ours, "by vectors"] if name == "hanging" else ours)
        done = demo_run.grisaille("similar", str(tmp_path / "hanging.png"), "--likeness", "vectors", "-n", "2")
        assert "By vectors, in the embeddings of" in done.stdout
        refused = demo_run.grisaille("similar", str(tmp_path / "stranger.png"), "--likeness", "vectors", check=False)
        assert "stranger.png is not in the collection, so it has no vectors" in refused.stderr
