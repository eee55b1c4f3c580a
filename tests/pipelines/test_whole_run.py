"""What a user would see of a run: the files it leaves, and that running again repeats."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from grisaille.autoencoders import joining
from grisaille.codes.linear import LinearCode
from grisaille.demo.painter import ALIKE, ARTISTS
from grisaille.lookalikes.recommendation import Recommender
from grisaille.points import Points
from grisaille.provenance import stamps
from helpers import kedro


class TestWhatIsLeft:
    def test_the_paintings(self, demo_run):
        paintings = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))
        assert len(paintings) == 10 * 18 + 1
        assert set(paintings["artist"]) == {artist.name for artist in ARTISTS}
        assert paintings.set_index("painting_id").loc["Ilse_Nebel_19", "duplicate_of"] == "Ilse_Nebel_1"
        assert set(paintings["split"]) == {"train", "validation", "held_out"}

    def test_the_torn_canvas_is_rejected_with_a_reason(self, demo_run):
        rejected = pd.read_csv(demo_run.newest("03_primary/rejected_paintings.csv"))
        assert rejected["path"].tolist() == ["Ilse_Nebel_20.png"]
        assert "decoded" in rejected["reason"][0]

    def test_embeddings_are_what_the_directions_make_of_the_codes(self, demo_run):
        def part(name, kind):
            return np.load(demo_run.newest(f"07_model_output/{name}/codes") / f"{kind}.npy")

        block4, block5 = np.load(demo_run.newest("05_model_input/layer_norms.npy")).T
        chunks = ("pool5", "top", "bottom")
        points = joining.CompositionPoints(
            [part(name, "composition") for name in chunks], [block5, block4, block4], "linear"
        )
        folder = demo_run.newest("07_model_output/composition_codes")
        stored = {path.stem: np.load(path) for path in folder.glob("*.npy")}
        code = LinearCode.of(stored)
        embeddings = demo_run.embeddings()
        assert embeddings.dtype == np.float32
        assert embeddings.shape == (181, 24)
        np.testing.assert_allclose(
            embeddings, joining.embed_composition(points, code, 24, "linear"), rtol=1e-4, atol=1e-6
        )
        assert np.array_equal(stored["codes"], joining.encode_points(code, points))
        assert stored["codes"].shape == (181, code.size)

    def test_one_file_an_artist(self, demo_run):
        folder = demo_run.newest("07_model_output/artist_embeddings")
        files = sorted(path.name for path in folder.glob("*.npy"))
        assert files == sorted(f"{artist.name.replace(' ', '_')}.npy" for artist in ARTISTS)
        assert np.load(folder / "Sol_Strich.npy").shape == (18, 24)

    def test_models_load_safely_and_encode_what_was_stored(self, demo_run):
        encoder = keras.saving.load_model(demo_run.newest("06_models/pool5/composition_encoder.keras"), safe_mode=True)
        features = np.asarray(demo_run.features()["block5_pool"], dtype=np.float32)
        codes = np.load(demo_run.newest("07_model_output/pool5/codes") / "composition.npy")
        np.testing.assert_allclose(encoder.predict(features, verbose=0), codes, rtol=1e-3, atol=1e-3)

    def test_the_history_of_every_training(self, demo_run):
        for name in ("pool5", "top", "bottom"):
            history = pd.read_csv(demo_run.newest(f"06_models/{name}/composition_history.csv"))
            assert history.columns.tolist() == ["epoch", "loss"]
            assert 0 < history["loss"].item() < 0.1

    def test_it_ends_with_a_few_lines_and_the_place_of_the_report(self, demo_run):
        lines = json.loads(demo_run.newest("08_reporting/report_summary.json").read_text())
        assert len(lines) == 5
        last = demo_run.output[demo_run.output.index(lines[0]) :]
        assert all(line in last for line in lines)
        assert "To search: `grisaille serve --env demo`." in last
        assert "report.html" in last


class TestTables:
    def test_alike_pairs_are_harder_to_tell_apart_than_all_others(self, demo_run):
        pairs = demo_run.table("pair_silhouettes.csv")
        alike = [set(pair) in [set(names) for names in ALIKE] for pair in pairs[["artist", "other_artist"]].to_numpy()]
        for space in ("raw_euclidean", "raw_hellinger", "pca_euclidean", "pca_hellinger", "embedding_composition"):
            assert pairs.loc[alike, space].max() < pairs.loc[~np.array(alike), space].min()

    def test_silhouettes_are_those_of_scikit_learn(self, demo_run):
        paintings = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))
        embeddings, artists = demo_run.embeddings(), paintings["artist"].to_numpy()
        for row in demo_run.table("pair_silhouettes.csv").sample(8, random_state=0).to_dict("records"):
            chosen = np.isin(artists, [row["artist"], row["other_artist"]])
            squares = Points.of("composition", embeddings[chosen]).squares_to(
                Points.of("composition", embeddings[chosen])
            )
            np.fill_diagonal(squares, 0)
            expected = silhouette_score(np.sqrt(squares), artists[chosen], metric="precomputed")
            assert row["embedding_composition"] == pytest.approx(expected, abs=1e-5)

    def test_preservation_of_every_part_and_likeness(self, demo_run):
        table = demo_run.table("preservation.csv")
        # Two metrics of composition, style and colour; of each PCA and the embedding.
        assert len(table) == 4 * 2 * 4
        assert set(table["paintings"]) == {"all", "train", "validation", "held_out"}
        assert table["recall"].between(0.1, 1).all()

    def test_pairs_agree_with_the_raw_features(self, demo_run):
        table = demo_run.table("pair_agreement.csv")
        assert table["pairs"].tolist() == [45] * 13
        assert table["mean_silhouette"].between(-1, 1).all()
        assert table["sign_agreement"].dropna().between(0.5, 1).all()
        held = table.dropna(subset=["sign_agreement"])
        assert list(zip(held["space"], held["likeness"], strict=True)) == [
            *[("embedding", likeness) for likeness in ("colour", "euclidean", "hellinger", "style")],
            *[("pca", likeness) for likeness in ("colour", "euclidean", "hellinger", "style")],
        ]

    def test_recommendations_of_every_space_between_chance_and_the_labels(self, demo_run):
        table = demo_run.table("recommendations.csv")
        # Twelve spaces, the mixture once more with variety, chance and labels; by artist, movement, and new artists.
        assert table.groupby("kind", sort=False).size().to_dict() == {"artist": 15, "movement": 15, "new_artists": 15}
        for _, rows in table.groupby("kind"):
            by_space = rows.set_index("space")["recall"]
            assert (by_space <= by_space["labels"] + 1e-9).all()
            assert by_space["embedding"].max() > 2 * by_space["random"]
        mixture = table[table["likeness"] == "mixture"]
        assert mixture["diversity"].tolist() == [0, 0.3] * 3
        assert (np.diff(mixture["similarity"])[::2] < 0).all()

    def test_the_walk_recommends_what_the_recommender_does(self, demo_run):
        paintings = pd.read_parquet(demo_run.newest("03_primary/paintings.parquet"))
        profiles, lists = demo_run.table("profiles.parquet"), demo_run.table("recommended_paintings.parquet")
        lists = lists[lists["likeness"] == "mixture"].set_index("profile")["recommended"]
        points = Points.plain(np.load(demo_run.newest("07_model_output/mixture_embeddings.npy")))
        recommender, identifiers = Recommender(points), paintings["painting_id"]
        for row, profile in profiles.iloc[::60].iterrows():
            liked = identifiers.isin(profile["liked"]).to_numpy()
            allowed = paintings["duplicate_of"].isna().to_numpy() & ~liked
            if profile["kind"] == "new_artists":
                allowed &= ~paintings["artist"].isin(paintings["artist"][liked]).to_numpy()
            found = recommender.choose(recommender.relevance(points[np.flatnonzero(liked)]), allowed, 20, 0)
            assert identifiers.iloc[found].tolist() == lists[row].tolist()

    def test_a_curve_for_every_reduced_space_and_likeness(self, demo_run):
        table = demo_run.table("rnx_curves.csv")
        assert len(table.groupby(["space", "likeness"])) == 8
        assert table["neighbours"].max() == 179

    def test_neighbours_of_every_painting_in_every_space(self, demo_run):
        table = demo_run.table("neighbours.parquet")
        assert len(table) == 12 * 181 * 10
        assert (table["painting_id"] != table["neighbour_id"]).all()

    def test_named_comparisons(self, demo_run):
        table = demo_run.table("paper_experiments.csv").set_index("comparison")
        assert table.loc["nebel_dunst", "embedding_composition"] < table.loc["gitter_nacht", "embedding_composition"]


class TestReport:
    @pytest.fixture(scope="class")
    def page(self, demo_run):
        return (demo_run.data / "08_reporting" / "report.html").read_text()

    def test_it_says_what_the_demo_is(self, page):
        assert "The gallery is synthetic" in page
        assert "weights are random" in page

    def test_it_needs_nothing_else(self, page):
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "https://" not in page
        assert page.count("data:image/webp") > 40
        # Scatter plots of the comparisons, and three figures.
        assert page.count("data:image/png") == 3 + 3

    def test_it_says_what_to_believe_and_what_was_expected(self, page):
        told = re.sub("<[^>]*>", "", page)
        assert re.search(r"Believe \w+|Nothing here beats PCA", told)
        assert "Do not rely on" in told
        assert "Expected close: as expected. By the mixture it is closer than" in told

    def test_that_of_every_run_is_kept(self, demo_run, page):
        assert demo_run.first("08_reporting/reports/report.html").read_text() == page

    def test_it_tells_what_was_rejected_and_every_setting(self, page):
        assert "Ilse_Nebel_20.png" in page
        for setting in ("near_duplicate_bits", "learning_rate", "shard_rows", "code_size"):
            assert setting in page


class TestStudy:
    @pytest.fixture(scope="class")
    def first(self, demo_run):
        return demo_run.again("--pipeline", "study")

    @pytest.fixture(scope="class")
    def points(self, demo_run, first):
        return demo_run.data / "08_reporting" / "study_points"

    def test_every_size_and_every_set_of_layers(self, demo_run, first):
        sizes, layers = demo_run.table("study_code_sizes.csv"), demo_run.table("study_layers.csv")
        assert sizes["embedding_size"].tolist() == [4, 4, 16, 16]
        codes = demo_run.table("study_codes.csv")
        assert set(codes["likeness"]) == {"composition", "style"}
        assert codes["recall"].between(0, 1).all()
        assert (codes["make_seconds"] >= 0).all()
        assert layers["layer_set"].unique().tolist() == ["block5", "blocks_4_5"]
        assert set(layers["method"]) == {"pca", "autoencoder"}

    def test_larger_codes_keep_more(self, demo_run, first):
        sizes = demo_run.table("study_code_sizes.csv").set_index(["method", "embedding_size"])
        for method in ("pca", "autoencoder"):
            assert sizes.loc[(method, 16), "recall"] > sizes.loc[(method, 4), "recall"]

    def test_the_layers_are_those_that_were_extracted_before(self, demo_run, first):
        assert " known, 0 new" in first.stdout

    def test_it_goes_on_where_it_stopped(self, demo_run, points):
        before = {path: path.stat().st_mtime_ns for path in points.glob("*.json") if path.name != "index.json"}
        assert len(before) == 14
        lost = sorted(before)[3]
        lost.unlink()
        demo_run.again("--pipeline", "study")
        after = {path: path.stat().st_mtime_ns for path in before}
        assert [path for path in before if before[path] != after[path]] == [lost]


class TestDiscovery:
    @pytest.fixture(scope="class")
    def said(self, demo_run):
        return demo_run.again("--pipeline", "discovery").stdout

    @pytest.mark.usefixtures("said")
    def test_the_nearest_are_those_that_the_evaluation_found(self, demo_run):
        found = demo_run.table("embedding_neighbours.parquet")
        assert list(found["likeness"].unique()) == ["composition", "style", "colour", "mixture"]
        known = demo_run.table("neighbours.parquet").query("space == 'embedding'")
        found, known = (table.sort_values(["likeness", "painting_id", "rank"]) for table in (found, known))
        np.testing.assert_allclose(found["distance"], known["distance"], rtol=1e-4, atol=1e-4)
        assert found["painting_id"].tolist() == known["painting_id"].tolist()
        assert (found["neighbour_id"].to_numpy() == known["neighbour_id"].to_numpy()).mean() > 0.99
        assert (found["painting_id"] != found["neighbour_id"]).all()

    @pytest.mark.usefixtures("said")
    def test_artists_of_one_manner_are_each_others_nearest(self, demo_run):
        edges = demo_run.table("artist_graph.csv")
        assert list(edges["likeness"].unique()) == ["composition", "style", "colour", "mixture"]
        first = edges.query("likeness == 'style' and rank == 1").set_index("artist")
        for one, other in ALIKE:
            assert first.loc[one, "neighbour"] == other
            assert first.loc[other, "neighbour"] == one
            assert first.loc[[one, other], "support"].min() > 0.95
        assert demo_run.newest("08_reporting/figures/artist_graph.png").read_bytes().startswith(b"\x89PNG")
        assert "Ilse Nebel" in demo_run.newest("08_reporting/artist_graph.gexf").read_text("utf-8")

    def test_it_ends_with_the_place_of_the_map(self, demo_run, said):
        assert said.rstrip().endswith(f"An explorable map: {demo_run.data / '08_reporting' / 'explorer.html'}")

    @pytest.mark.usefixtures("said")
    def test_a_map_with_every_painting(self, demo_run):
        table = demo_run.table("map_of_paintings.parquet")
        near = demo_run.table("neighbours.parquet").query("space == 'raw' and likeness == 'hellinger'")
        assert len(table) == 181
        assert all(len(picture["bytes"]) for picture in table["picture"])
        for row in (0, 100):
            first = near[near["painting_id"] == table["painting_id"][row]].sort_values("rank")["neighbour_id"]
            assert table["painting_id"][table["raw_neighbours"][row]["ids"]].tolist() == first.tolist()
        page = (demo_run.data / "08_reporting" / "explorer.html").read_text()
        assert "The gallery is synthetic" in page
        assert page.count("Ilse_Nebel_1") > 1


class TestRefusing:
    def told(self, done):
        assert done.returncode
        return " ".join((done.stdout + done.stderr).split())

    def test_embeddings_that_were_made_for_another_likeness(self, demo_run):
        report = (demo_run.data / "08_reporting" / "report.html").read_text()
        parameters = demo_run.parameters[1] + ",autoencoder.likeness=euclidean"
        told = self.told(demo_run.again("--pipeline", "evaluation", "--params", parameters, check=False))
        assert "was made with autoencoder.likeness=hellinger, not euclidean" in told
        assert (demo_run.data / "08_reporting" / "report.html").read_text() == report

    def test_a_part_of_the_run_before_there_was_any(self, demo_run):
        done = kedro("run", "--env", "paper", "--pipeline", "evaluation", cwd=demo_run.project, check=False)
        assert "composition_embeddings, layer_norms, mixture_embeddings, paintings, picture_files" in self.told(done)

    def test_a_mistake_is_told_in_one_line(self, demo_run, tmp_path):
        parameters = f"{demo_run.parameters[1]},paintings_folder={tmp_path}/none"
        done = kedro("run", "--pipeline", "ingestion", "--params", parameters, cwd=demo_run.project, check=False)
        assert self.told(done).endswith("name yours with --params paintings_folder=/path/to/folder")
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("seed: [1\n", "Invalid YAML or JSON file"),
            ("seed: 1\nseed: 2\n", "while constructing a mapping"),
            ("seed: ${sead}\n", "Interpolation key 'sead' not found"),
        ],
    )
    def test_a_file_of_settings_that_cannot_be_read(self, demo_run, tmp_path, written, told):
        mine = demo_run.project / "conf" / tmp_path.name
        mine.mkdir()
        (mine / "parameters.yml").write_text(written)
        done = kedro("run", "--env", mine.name, cwd=demo_run.project, check=False)
        assert f"Error: the configuration cannot be read: {told}" in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr

    def test_a_cnn_that_is_not_there_is_missed_before_anything_is_done(self, demo_run):
        parameters = f"{demo_run.parameters[1]},backbone.model_file=/nowhere.keras"
        done = demo_run.again("--params", parameters, check=False)
        assert done.stderr.splitlines()[-1].startswith("Error: there is no model or weights file /nowhere.keras (")
        assert "ingestion" not in done.stdout

    def test_a_folder_at_home(self, demo_run):
        parameters = f"{demo_run.parameters[1]},paintings_folder=~/no such folder"
        done = kedro("run", "--pipeline", "ingestion", "--params", parameters, cwd=demo_run.project, check=False)
        assert f"no folder of paintings at {Path.home()}/no such folder;" in self.told(done)

    def test_a_version_that_never_was(self, demo_run):
        never = "composition_embeddings:2020-01-01T00.00.00.000Z"
        told = self.told(demo_run.again("--pipeline", "evaluation", "--load-versions", never, check=False))
        known = demo_run.newest("07_model_output/composition_embeddings.npy").parent.name
        assert "composition_embeddings has no version 2020-01-01T00.00.00.000Z; the newest are" in told
        assert known in told


class TestRunningAgain:
    def test_evaluation_alone_repeats_the_tables(self, demo_run):
        names = ("preservation.csv", "usefulness.csv", "recommendations.csv", "pair_silhouettes.csv")
        before = {name: demo_run.table(name) for name in names}
        demo_run.again("--pipeline", "evaluation")
        for name, table in before.items():
            pd.testing.assert_frame_equal(table, demo_run.table(name), check_exact=True)

    def test_a_second_run_computes_no_features_again_and_gives_the_same_embeddings(self, demo_run):
        shards, embeddings = demo_run.shard_times(), demo_run.embeddings()
        again = demo_run.again("--pipelines", "ingestion,feature_extraction,autoencoding")
        assert " known, 0 new" in again.stdout
        assert demo_run.shard_times() == shards
        assert np.array_equal(demo_run.embeddings(), embeddings)

    def test_one_chunk_alone(self, demo_run):
        def versions(path):
            return {name: len(list((demo_run.data / path.format(name)).iterdir())) for name in ("top", "pool5")}

        paths = ("06_models/{}/composition_encoder.keras", "07_model_output/{}/codes")
        before = [versions(path) for path in paths]
        parameters = demo_run.parameters[1] + ",autoencoder.components=9"
        told = " ".join(demo_run.again("--namespaces", "pool5", "--params", parameters).stdout.split())
        assert [versions(path) for path in paths] == [found | {"pool5": found["pool5"] + 1} for found in before]
        assert "now older than pool5.codes" in told
        assert "`kedro run --from-nodes join_codes --env demo`" in told

    def test_embeddings_older_than_the_codes_of_one_chunk(self, demo_run):
        """The test before has trained one chunk anew."""
        told = " ".join(demo_run.again("--pipeline", "discovery").stdout.split())
        assert "composition_embeddings is older than pool5.codes" in told

    def test_the_command_that_was_named_mends_it(self, demo_run):
        demo_run.again("--from-nodes", "join_codes", "--params", "report.examples=1")
        stamp = stamps.read(demo_run.newest("07_model_output/composition_embeddings.npy"))
        made = {name: stamp["recipe"][f"{name}.composition_autoencoder"]["parameters"] for name in ("pool5", "top")}
        assert {name: groups["autoencoder"]["components"] for name, groups in made.items()} == {"pool5": 9, "top": 512}
        told = " ".join(demo_run.again("--pipeline", "discovery").stdout.split())
        assert "is older than" not in told

    def test_only_missing_outputs_is_right_about_the_features(self, demo_run):
        again = demo_run.again("--only-missing-outputs")
        assert "feature_extraction (" in demo_run.output
        assert "feature_extraction (" not in again.stdout

    def test_features_of_other_settings_are_not_mistaken_for_these(self, demo_run):
        parameters = demo_run.parameters[1] + ",backbone.resize=bicubic"
        done = demo_run.again("--pipeline", "evaluation", "--params", parameters, check=False)
        assert done.returncode
        said = " ".join((done.stdout + done.stderr).split())
        assert "was made with backbone.resize=bilinear, not bicubic" in said
