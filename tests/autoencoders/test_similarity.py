from functools import cache, partial

import keras
import numpy as np
import pytest

from grisaille.arrays import ColumnRange
from grisaille.autoencoders import joining, principal_components, similarity, training
from grisaille.autoencoders.compression import Projection, compress_chunk, compressed_squares
from grisaille.autoencoders.similarity_training import MixedBatches, mix
from grisaille.initializers import Initializers
from grisaille.likenesses.metrics import MetricRows, layer_norms
from grisaille.measures.neighbourhoods import DistanceBins, Preservation, nearest, ranks
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Autoencoder, Chunk, Similarity

SMALL = {"components": 40, "hidden": 32, "epochs": 60, "minimum_steps": 0, "batch_size": 100, "mixup_angle": 0.3}
HALVES = [Chunk(layer="a", start=0, stop=48), Chunk(layer="a", start=48, stop=96)]
TRAINING = np.arange(200)


@pytest.fixture(scope="module")
def rows():
    """Non-negative rows of many dimensions and uneven length, like ReLU features."""
    random = np.random.default_rng(0)
    basis = random.standard_normal((60, 96)) * np.linspace(1, 0.2, 60)[:, None]
    signal = np.maximum(random.standard_normal((260, 60)) @ basis, 0)
    return (signal * random.uniform(0.5, 2, (260, 1))).astype(np.float32)


def metric_rows(rows, likeness, chunks=HALVES):
    length = layer_norms(rows, likeness)
    return [MetricRows(ColumnRange(rows, chunk.start, chunk.stop), likeness, length) for chunk in chunks]


def settings_for(likeness, code_size=4, seed=0, **settings):
    return Autoencoder(likeness=likeness, code_size=code_size, similarity=Similarity(**SMALL | settings), seed=seed)


def train(rows, likeness, chunk=HALVES[0], chosen=TRAINING, **settings):
    columns = ColumnRange(rows, chunk.start, chunk.stop)
    given = settings_for(likeness, **settings)
    return training.train(columns, layer_norms(rows, likeness), chosen, np.array([], dtype=int), given, "t")


@pytest.fixture(scope="module")
def trained(rows):
    """A function that trains a chunk once for each likeness."""
    return cache(partial(train, rows))


@pytest.fixture(scope="module")
def halves(trained, rows):
    """A function that gives codes, compressed rows and norms of both chunks, for a likeness."""

    @cache
    def make(likeness):
        encoders = [trained(likeness, chunk)[1] for chunk in HALVES]
        both = [training.encode(e, rows[:, c.start : c.stop]) for e, c in zip(encoders, HALVES, strict=True)]
        return *zip(*both, strict=True), [layer_norms(rows, likeness)] * len(HALVES)

    return make


def joined(given, likeness, training=TRAINING, **settings):
    joiner, history = joining.train_joiner(*given, training, settings_for(likeness, **settings))
    return joining.join(joiner, *given), history


def preserved(rows, likeness, embedding):
    found, everyone = Preservation(len(rows)), np.arange(len(rows))
    spaces = []
    for space in (feature_space({"a": rows}, likeness), embedding_space(embedding)):
        distances = space.distances(everyone)
        spaces.append((DistanceBins(space.among(everyone))(distances), ranks(nearest(distances, everyone))))
    found.update(everyone, *spaces)
    return found.result()


class TestCompression:
    def test_with_all_components_distances_are_exact(self, rows):
        compressed = Projection.fit(rows, np.arange(260), 95, 0).compress(rows)
        expected = ((rows[:50, None] - rows[None].astype(float)) ** 2).sum(axis=2)
        apart = ~np.eye(50, 260, dtype=bool)
        np.testing.assert_allclose(compressed_squares(compressed[:50], compressed)[apart], expected[apart], rtol=1e-3)

    def test_lengths_are_exact_with_any_number_of_components(self, rows):
        compressed = Projection.fit(rows, np.arange(260), 5, 0).compress(rows)
        np.testing.assert_allclose(np.linalg.norm(compressed, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-4)

    def test_what_components_leave_of_a_small_collection_is_what_they_leave_of_other_paintings(self, rows):
        training = np.arange(30)
        basis, compressed = compress_chunk(rows, training, 40, 0)
        assert len(basis) == 10 + 1
        seen, unseen = compressed[:30, -1].mean(), compressed[30:, -1].mean()
        assert 0.4 < seen / unseen < 1

    def test_two_paintings_have_one_component(self, rows):
        assert len(compress_chunk(rows, np.arange(2), 40, 0)[0]) == 1 + 1


class TestTarget:
    def test_the_distances_of_chunks_add_up_and_the_offset_changes_no_order(self, rows):
        compressed = [
            Projection.fit(piece, TRAINING, 47, 0).compress(piece) for piece in metric_rows(rows, "euclidean")
        ]
        target = similarity.Target.measure(compressed, 0.9)
        upper = np.triu_indices(260, 1)
        squared = ((rows[:, None].astype(float) - rows[None]) ** 2).sum(axis=2)[upper]
        assert target.unit == pytest.approx(np.sqrt(squared.mean()), rel=1e-4)
        assert target.offset == pytest.approx(0.9 * np.quantile(squared, 0.001) / target.unit**2, rel=1e-3)
        shifted = np.sqrt(np.maximum(squared / target.unit**2 - target.offset, 0))
        assert (np.diff(shifted[np.argsort(squared)]) >= 0).all()

    def test_a_scale_is_the_distance_to_a_neighbour(self, rows):
        compressed = [
            Projection.fit(piece, TRAINING, 47, 0).compress(piece) for piece in metric_rows(rows, "euclidean")
        ]
        target = similarity.Target.measure(compressed, 0.0)
        found = similarity.scales(compressed, np.arange(260), target, rank=3)
        distances = np.linalg.norm(rows[:, None].astype(float) - rows[None], axis=2)
        np.testing.assert_allclose(found * target.unit, np.sort(distances, axis=1)[:, 3], rtol=1e-2)


class TestMixing:
    def test_it_leaves_the_mean_and_the_spread(self, rows):
        compressed = Projection.fit(rows, TRAINING, 20, 0).compress(rows)
        random = np.random.default_rng(0)
        angles = random.uniform(0, 1, (20_000, 1)).astype(np.float32)
        one, other = (compressed[random.integers(0, 260, 20_000)] for _ in range(2))
        mixed = mix(one, other, compressed.mean(axis=0), angles)
        inside = slice(0, 5)
        np.testing.assert_allclose(mixed[:, inside].std(axis=0), compressed[:, inside].std(axis=0), rtol=0.05)
        np.testing.assert_allclose((mixed[:, -1] ** 2).mean(), (compressed[:, -1] ** 2).mean(), rtol=0.05)

    def test_no_angle_leaves_everything_and_a_right_angle_gives_the_partner(self, rows):
        compressed = Projection.fit(rows, TRAINING, 20, 0).compress(rows)
        mean, one, other = compressed.mean(axis=0), compressed[:9], compressed[9:18]
        np.testing.assert_allclose(mix(one, other, mean, np.zeros((9, 1))), one, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(mix(one, other, mean, np.full((9, 1), np.pi / 2)), other, rtol=1e-4, atol=1e-4)

    def test_a_batch_is_the_same_however_often_it_is_asked_for(self, rows):
        batches = MixedBatches([rows], np.ones(260), 50, seed=1, mixup_angle=0.5)
        first, again = batches[2][0][0], batches[2][0][0]
        assert np.array_equal(first, again)
        batches.on_epoch_end()
        assert not np.array_equal(first, batches[2][0][0])

    def test_every_pass_shows_every_painting_once(self, rows):
        numbered = np.arange(260, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
        batches = MixedBatches([numbered], np.ones(260), 52, seed=1, mixup_angle=0.0, passes=3)
        assert len(batches) == 15
        for first in (0, 5, 10):
            shown = np.concatenate([batches[first + number][0][0][:, 0] for number in range(5)])
            assert sorted(shown) == list(range(260))

    def test_codes_are_turned_as_their_rows_are(self, rows):
        lengthless = np.hstack([rows, np.zeros((260, 1), np.float32)])
        (shown, codes), _ = MixedBatches([lengthless], np.ones(260), 50, seed=1, mixup_angle=0.5, codes=[2 * rows])[0]
        np.testing.assert_allclose(codes, 2 * shown[:, :-1], rtol=1e-4, atol=1e-4)


class TestLoss:
    @pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0)])
    def test_it_is_what_it_is_defined_as(self, rows, weights):
        compressed = [
            Projection.fit(piece, TRAINING, 20, 0).compress(piece)[:30] for piece in metric_rows(rows, "hellinger")
        ]
        settings = Similarity(distance_weight=weights[0], neighbour_weight=weights[1], temperature=0.1)
        target = similarity.Target.measure(compressed, 0.5)
        codes = np.random.default_rng(0).standard_normal((30, 6)).astype(np.float32)
        scale = np.random.default_rng(1).uniform(0.5, 1, 30).astype(np.float32)
        squared = sum(compressed_squares(one, one) for one in compressed).astype(float) / target.unit**2
        wanted = np.sqrt(np.maximum(squared - target.offset, 0))
        found = np.linalg.norm(codes[:, None] - codes, axis=2) / target.unit
        apart = ~np.eye(30, dtype=bool)
        error = np.square(found - wanted)[apart].mean() / target.spread
        near, kept = (np.exp(-far / (0.1 * scale[:, None])) * apart for far in (wanted, found))
        near, kept = (each / each.sum(axis=1, keepdims=True) for each in (near, kept))
        divergence = (near * np.log(np.where(apart, near / np.where(apart, kept, 1), 1))).sum(axis=1).mean()
        loss = similarity.likeness_loss(compressed, codes, scale, target, settings)
        assert float(loss) == pytest.approx(weights[0] * error + weights[1] * divergence, rel=1e-3)


class TestLikenessIsKept:
    @pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
    def test_better_than_pca_of_the_same_size_for_paintings_seen_and_not(self, rows, trained, halves, likeness):
        pca = [
            principal_components.fit_principal_components(piece, TRAINING, 4, 0).transform(piece)
            for piece in metric_rows(rows, likeness)
        ]
        ours = preserved(rows, likeness, joined(halves(likeness), likeness)[0])
        baseline = preserved(rows, likeness, np.concatenate(pca, axis=1))
        assert ours["recall"] > baseline["recall"]
        assert ours["spearman"] > baseline["spearman"]
        history = trained(likeness, HALVES[0])[2]
        assert history["loss"].iloc[-1] < history["loss"].iloc[0]

    @pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
    def test_the_joiner_mends_what_no_chunk_can_know(self, rows, halves, likeness):
        corrected, history = joined(halves(likeness), likeness)
        beside, nothing = joined(halves(likeness), likeness, joiner_hidden=0)
        assert preserved(rows, likeness, corrected)["recall"] > preserved(rows, likeness, beside)["recall"] + 0.02
        assert preserved(rows, likeness, corrected)["spearman"] > preserved(rows, likeness, beside)["spearman"]
        assert history["loss"].iloc[-1] < history["loss"].iloc[0]
        assert not len(nothing)

    def test_a_small_collection_is_passed_over_more_often(self, rows):
        settings = {"epochs": 10, "minimum_steps": 45, "batch_size": 100}
        assert train(rows, "euclidean", **settings)[2]["epoch"].tolist() == [12, 24]
        assert train(rows, "euclidean", **settings | {"epochs": 40})[2]["epoch"].tolist() == [10, 20, 30, 40]

    def test_the_same_seed_gives_the_same_and_another_gives_others(self, rows, halves):
        def embed(seed):
            codes = training.encode(train(rows, "hellinger", epochs=3, seed=seed)[1], rows[:, :48])[0]
            return codes, joined(halves("hellinger"), "hellinger", joiner_epochs=3, seed=seed)[0]

        for one, two, other in zip(embed(0), embed(0), embed(1), strict=True):
            assert np.array_equal(one, two)
            assert not np.array_equal(one, other)


class TestModels:
    @pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
    def test_raw_chunks_in_and_everything_inside(self, rows, trained, likeness, tmp_path):
        autoencoder, encoder, _ = trained(likeness, HALVES[1])
        assert encoder.input_shape == autoencoder.output_shape == (None, 48)
        assert encoder.output_shape == (None, 4)
        for name, model in {"autoencoder": autoencoder, "encoder": encoder}.items():
            model.save(tmp_path / f"{name}.keras")
            loaded = keras.saving.load_model(tmp_path / f"{name}.keras", safe_mode=True)
            assert np.array_equal(loaded.predict_on_batch(rows[:, 48:]), model.predict_on_batch(rows[:, 48:]))

    def test_what_the_encoder_sees_is_the_compressed_chunk(self, rows, trained):
        _, encoder, _ = trained("hellinger", HALVES[0])
        norms = layer_norms(rows, "hellinger")
        codes, seen = training.encode(encoder, rows[:, :48])
        _, expected = compress_chunk(metric_rows(rows, "hellinger")[0], TRAINING, 40, 0)
        assert codes.dtype == seen.dtype == np.float32
        np.testing.assert_allclose(seen / norms[:, None], expected, rtol=1e-3, atol=1e-5)

    def test_a_hellinger_encoder_scales_with_its_input(self, rows, trained):
        _, encoder, _ = trained("hellinger", HALVES[0])
        given = rows[:, :48]
        np.testing.assert_allclose(
            encoder.predict_on_batch(4 * given), 2 * encoder.predict_on_batch(given), rtol=1e-3, atol=1e-4
        )

    @pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
    def test_the_decoder_reconstructs_better_than_the_mean(self, rows, likeness):
        autoencoder, _, _ = train(rows, likeness, epochs=200, reconstruction_weight=1.0)
        given = rows[:, :48]
        error = np.square(autoencoder.predict_on_batch(given) - given).mean()
        assert error < 0.9 * given.var(axis=0).mean()

    def test_the_decoder_starts_as_the_inverse_of_the_encoder(self, rows):
        """Before any step an autoencoder with a PCA start is PCA."""
        compressed = Projection.fit(rows, TRAINING, 20, 0).compress(rows)
        shape = similarity.Geometry(compressed, 8, "euclidean", 0.5)
        settings = Similarity(hidden=16)
        code = similarity.compressed_encoder(shape, settings, Initializers(0)).predict_on_batch(compressed)
        decoded = similarity.compressed_decoder(shape, settings, Initializers(0)).predict_on_batch(code)
        np.testing.assert_allclose(decoded[:, :8], compressed[:, :8], rtol=1e-3, atol=1e-3)

    @pytest.mark.parametrize(
        "settings", [{"hidden": 0}, {"pca_start": False}, {"neighbour_weight": 0.0}, {"mixup_angle": 0.0}]
    )
    def test_parts_can_be_left_out(self, rows, settings):
        assert np.isfinite(train(rows, "hellinger", epochs=2, **settings)[2]["loss"]).all()

    def test_one_painting_has_nothing_to_be_compared_with(self, rows):
        with pytest.raises(ValueError, match="compares paintings"):
            train(rows, "hellinger", chosen=np.array([0]))

    @pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
    @pytest.mark.parametrize("kind", ["three", "equal", "black"])
    def test_the_smallest_collections(self, rows, likeness, kind):
        few = {"three": rows[:3], "equal": rows[[0, 0, 0]], "black": 0 * rows[:3]}[kind]
        both = [
            training.encode(train(few, likeness, chunk, np.arange(3), epochs=2)[1], few[:, chunk.start : chunk.stop])
            for chunk in HALVES
        ]
        given = *zip(*both, strict=True), [layer_norms(few, likeness)] * 2
        embedding, _ = joined(given, likeness, np.arange(3), joiner_epochs=2)
        assert embedding.shape == (3, 8)
        assert np.isfinite(embedding).all()
