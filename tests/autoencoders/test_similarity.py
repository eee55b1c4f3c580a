import keras
import numpy as np
import pytest

from grisaille import autoencoders
from grisaille.autoencoders import similarity
from grisaille.autoencoders.joining import join_codes
from grisaille.likeness import Liked, lengths
from grisaille.measures import Preservation, embedding_space, feature_space, nearest
from grisaille.measures.neighbourhoods import ranks
from grisaille.parameters import Autoencoder, Chunk, Similarity

SMALL = {"components": 40, "hidden": 32, "epochs": 40, "batch_size": 100}


@pytest.fixture(scope="module")
def rows():
    """Non-negative rows of many dimensions and uneven length, like ReLU features."""
    random = np.random.default_rng(0)
    basis = random.standard_normal((60, 96)) * np.linspace(1, 0.2, 60)[:, None]
    signal = np.maximum(random.standard_normal((260, 60)) @ basis, 0)
    return (signal * random.uniform(0.5, 2, (260, 1))).astype(np.float32)


def train(rows, likeness, code_size=8, **settings):
    settings = Autoencoder(
        architecture="similarity", likeness=likeness, code_size=code_size, similarity=Similarity(**SMALL | settings)
    )
    liked = Liked(rows, likeness, lengths(rows, likeness))
    return autoencoders.train(liked, np.arange(200), np.arange(200, 230), settings, "t")


def preserved(rows, likeness, embedding):
    found = Preservation(len(rows))
    spaces = []
    for space in (feature_space({"a": rows}, likeness), embedding_space(embedding)):
        distances = space.distances(0, len(rows))
        spaces.append((distances, ranks(nearest(distances, 0), 0)))
    found.update(0, *spaces, np.arange(len(rows)))
    return found.result()


class TestCompression:
    def test_with_all_components_distances_are_exact(self, rows):
        compressed = similarity.Projection.fit(rows, np.arange(260), 95, 0).compress(rows)
        expected = ((rows[:50, None] - rows[None].astype(float)) ** 2).sum(axis=2)
        found = similarity.compressed_squares(compressed[:50], compressed)
        apart = ~np.eye(50, 260, dtype=bool)
        np.testing.assert_allclose(found[apart], expected[apart], rtol=1e-3)

    def test_lengths_are_exact_with_any_number_of_components(self, rows):
        compressed = similarity.Projection.fit(rows, np.arange(260), 5, 0).compress(rows)
        np.testing.assert_allclose(np.linalg.norm(compressed, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-4)

    def test_the_offset_changes_no_order(self, rows):
        compressed = similarity.Projection.fit(rows, np.arange(260), 20, 0).compress(rows)
        squared = similarity.compressed_squares(compressed, compressed)
        target = similarity.Target.measure(compressed, Similarity(offset=0.9))
        upper = squared[np.triu_indices(260, 1)]
        assert 0 < target.offset < upper.min() / target.unit**2 * 1.5
        shifted = np.sqrt(np.maximum(upper / target.unit**2 - target.offset, 0))
        assert (np.diff(shifted[np.argsort(upper, kind="stable")]) >= 0).all()


class TestLikenessIsKept:
    @pytest.mark.parametrize("likeness", ["euclidean", "cosine"])
    def test_better_than_pca_of_the_same_size(self, rows, likeness):
        _, encoder, history = train(rows, likeness, offset=0.9 if likeness == "cosine" else 0.0)
        chunk = [Chunk(layer="a", start=0, stop=96)]
        joined = join_codes([autoencoders.encode(encoder, rows)], chunk, {"a": rows}, likeness)
        liked = Liked(rows, likeness, lengths(rows, likeness))
        pca = autoencoders.fit_principal_components(liked, np.arange(200), 8, 0).transform(liked)
        ours, baseline = preserved(rows, likeness, joined), preserved(rows, likeness, pca)
        assert ours.recall > baseline.recall
        assert ours.spearman > baseline.spearman
        assert history["loss"].iloc[-1] < history["loss"].iloc[0]

    def test_the_same_seed_gives_the_same_codes(self, rows):
        one, two = (autoencoders.encode(train(rows, "cosine", epochs=3)[1], rows) for _ in range(2))
        assert np.array_equal(one, two)


class TestModels:
    @pytest.mark.parametrize("likeness", ["euclidean", "cosine"])
    def test_raw_chunks_in_and_everything_inside(self, rows, likeness, tmp_path):
        autoencoder, encoder, _ = train(rows, likeness, epochs=2)
        assert encoder.input_shape == (None, 96)
        assert encoder.output_shape == (None, 8)
        assert autoencoder.output_shape == (None, 96)
        for name, model in {"autoencoder": autoencoder, "encoder": encoder}.items():
            model.save(tmp_path / f"{name}.keras")
            loaded = keras.saving.load_model(tmp_path / f"{name}.keras", safe_mode=True)
            assert np.array_equal(loaded.predict_on_batch(rows), model.predict_on_batch(rows))

    def test_a_cosine_encoder_scales_with_its_input(self, rows):
        _, encoder, _ = train(rows, "cosine", epochs=2)
        np.testing.assert_allclose(
            encoder.predict_on_batch(4 * rows), 2 * encoder.predict_on_batch(rows), rtol=1e-3, atol=1e-4
        )

    def test_the_decoder_reconstructs_better_than_the_mean(self, rows):
        autoencoder, _, _ = train(rows, "euclidean", epochs=300, reconstruction=1.0)
        error = np.square(autoencoder.predict_on_batch(rows) - rows).mean()
        assert error < 0.8 * rows.var(axis=0).mean()

    @pytest.mark.parametrize("settings", [{"hidden": 0}, {"pca_start": False}, {"neighbours": 0.0}])
    def test_parts_can_be_left_out(self, rows, settings):
        assert np.isfinite(train(rows, "cosine", epochs=2, **settings)[2]["loss"]).all()


class TestJoining:
    def test_codes_are_divided_by_the_length_of_the_whole_layer(self, rows):
        chunks = [Chunk(layer="a", start=0, stop=48), Chunk(layer="a", start=48, stop=96)]
        codes = [rows[:, :3], rows[:, 3:5]]
        joined = join_codes(codes, chunks, {"a": rows}, "cosine")
        np.testing.assert_allclose(joined, rows[:, :5] / np.sqrt(rows.sum(axis=1, keepdims=True)), rtol=1e-5)
        assert np.array_equal(join_codes(codes, chunks, {"a": rows}, "euclidean"), rows[:, :5])

    def test_codes_of_another_collection_are_refused(self, rows):
        with pytest.raises(ValueError, match="of different collections"):
            join_codes([rows[:5, :2]], [Chunk(layer="a", start=0, stop=9)], {"a": rows}, "cosine")
