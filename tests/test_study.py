"""The study as a library, on a few made-up layers."""

import numpy as np
import pandas as pd
import pytest

from grisaille import parameters
from grisaille.measures.comparison import Collection
from grisaille.parameters import Autoencoder, Study
from grisaille.plots.curves import code_size_curves, layer_bars
from grisaille.study import StudyRunner, cut, plan, split_evenly

SETTINGS = Study(
    layer_sets={"early": ("a",), "late": ("b",), "both": ("a", "b")},
    code_size_layers="both",
    code_sizes=(2, 4),
    embedding_size=9,
    chunk_values=96,
    queries=30,
)


@pytest.fixture(scope="module")
def laboratory():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 20)
    signal = random.standard_normal((4, 12))[labels] + random.standard_normal((80, 12))
    features = {
        name: np.maximum(signal @ random.standard_normal((12, width)), 0).astype(np.float32)
        for name, width in {"a": 96, "b": 30}.items()
    }
    split = np.array(["train"] * 60 + ["validation"] * 8 + ["held_out"] * 12)[random.permutation(80)]
    collection = Collection(labels, np.ones(80, dtype=bool), split)
    return StudyRunner(features, collection, SETTINGS, Autoencoder(components=10, channels=7))


class TestPlan:
    def test_layers_are_cut_into_even_pieces(self):
        features = {"a": np.zeros((1, 96)), "b": np.zeros((1, 30))}
        chunks = cut(features, ("a", "b"), 40)
        assert [(chunk.layer, chunk.start, chunk.stop) for chunk in chunks] == [
            ("a", 0, 32),
            ("a", 32, 64),
            ("a", 64, 96),
            ("b", 0, 30),
        ]

    def test_the_paper_is_cut_as_it_was(self):
        features = {"block4_pool": np.zeros((1, 100_352)), "block5_pool": np.zeros((1, 25_088))}
        chunks = cut(features, ("block4_pool", "block5_pool"), 25_088)
        assert [chunk.stop - chunk.start for chunk in chunks] == [25_088] * 5

    def test_a_layer_that_is_not_there(self):
        with pytest.raises(ValueError, match="no layer c; they have a"):
            cut({"a": np.zeros((1, 4))}, ("c",), 2)

    def test_values_are_shared_out_evenly(self):
        assert split_evenly(10, 4) == [3, 3, 2, 2]
        with pytest.raises(ValueError, match="cannot be reduced to 3"):
            split_evenly(3, 4)

    def test_every_size_and_every_set_by_either_method(self, laboratory):
        points = plan(laboratory._features, SETTINGS)
        assert len(points) == 2 * 2 + 3 * 2
        assert [point.embedding_size for point in points if point.question == "code_size"] == [4, 4, 8, 8]

    @pytest.mark.parametrize(
        ("own", "seen"), [(("b", "a"), ("b", "a")), (("b", "x"), ("b", "a")), (("x",), ("a", "b"))]
    )
    def test_layers_of_the_backbone_come_first_and_in_its_order(self, own, seen):
        backbone = parameters.Backbone(layers=own, batch_size=3)
        assert SETTINGS.seen_by(backbone) == parameters.Backbone(layers=seen, batch_size=3)

    def test_a_set_that_is_not_there_is_named(self):
        with pytest.raises(ValueError, match="code_size_layers must be one of early"):
            Study(layer_sets={"early": ("a",)}, code_size_layers="late")


class TestPoints:
    @pytest.fixture(scope="class")
    def rows(self, laboratory):
        return pd.DataFrame([work.compute() for work in laboratory.work("test")])

    def test_everything_is_measured(self, rows):
        assert len(rows) == 10
        for column in ("recall", "held_out_recall", "spearman", "precision", "raw_precision", "area_under_rnx"):
            assert rows[column].between(-1, 1).all(), column
        assert (rows["training_seconds"] >= 0).all()
        assert (rows["queries"] == 30).all()

    def test_size_of_what_is_stored(self, rows):
        late = rows[(rows["layer_set"] == "late") & (rows["method"] == "pca")].iloc[0]
        assert late["bytes_a_painting"] == 4 * 9
        assert late["encoder_bytes"] == 4 * (9 + 1) * 30

    def test_more_values_of_pca_keep_more(self, rows):
        pca = rows[(rows["question"] == "code_size") & (rows["method"] == "pca")].set_index("embedding_size")
        assert pca.loc[8, "recall"] > pca.loc[4, "recall"]

    def test_a_point_is_its_settings(self, laboratory):
        one, two = laboratory.work("one"), laboratory.work("two")
        assert one[0].identity != two[0].identity
        assert len({str(work.identity) for work in one}) == len(one)

    def test_the_same_point_comes_out_again(self, laboratory, rows):
        again = laboratory.work("test")[1].compute()
        pd.testing.assert_series_equal(
            pd.Series(again).drop("training_seconds"), rows.iloc[1].drop("training_seconds"), check_names=False
        )

    def test_the_figures_show_them(self, rows):
        sizes = code_size_curves(rows[rows["question"] == "code_size"])
        assert len(sizes.axes) == 4
        assert len(sizes.axes[0].lines) == 3
        bars = layer_bars(rows[rows["question"] == "layers"])
        assert [text.get_text() for text in bars.axes[0].get_yticklabels()] == ["early", "late", "both"]
