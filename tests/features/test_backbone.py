import hashlib
import pickle
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from grisaille.collection.images import decode, stretch
from grisaille.features import backbone
from grisaille.features.backbone import BackboneError, Extraction
from grisaille.parameters import Backbone
from helpers import encode, picture


def extraction(small_cnn, count=5, **settings):
    readers = [partial(encode, picture(number)) for number in range(count)]
    settings = {"model_file": small_cnn, "batch_size": 2, "dtype": "float32"} | settings
    return Extraction(readers, [f"{n:064x}" for n in range(count)], Backbone(**settings), 150)


class TestExtraction:
    def test_both_layers_of_every_painting_in_order(self, small_cnn):
        work = extraction(small_cnn)
        assert work.columns == {"block4_pool": 512, "block5_pool": 128}
        network = keras.saving.load_model(small_cnn)
        expected = {}
        for layer in work.columns:
            model = keras.Model(network.inputs, network.get_layer(layer).output)
            pixels = np.stack([stretch(decode(reader())[0], 32, 32) for reader in work._readers.values()]).astype(
                "float32"
            )
            pixels = pixels[..., ::-1] - np.array([103.939, 116.779, 123.68], dtype="float32")
            expected[layer] = np.asarray(model(pixels)).reshape(5, -1)
        found = list(work.compute([range(3), [3, 4]]))
        assert [len(batch["block4_pool"]) for batch in found] == [2, 1, 2]
        for layer, values in expected.items():
            joined = np.concatenate([batch[layer] for batch in found])
            np.testing.assert_allclose(joined, values, rtol=1e-5, atol=1e-4)

    def test_a_painting_has_the_same_features_to_the_bit_in_any_company(self, small_cnn):
        """Otherwise a collection that grew would differ from one that was there at once."""
        work = extraction(small_cnn)
        together = {layer: np.concatenate([b[layer] for b in work.compute([range(5)])]) for layer in work.columns}
        apart = list(work.compute([[4, 0, 2], [1], [3]]))
        for layer, values in together.items():
            assert np.array_equal(np.concatenate([batch[layer] for batch in apart]), values[[4, 0, 2, 1, 3]])

    def test_a_part_travels_without_a_cnn_and_builds_it_where_it_computes(self, small_cnn):
        """Dask's scheduler unpacks every part that it hands on."""
        work = extraction(small_cnn)
        part = pickle.loads(pickle.dumps(work.part([3, 1])))
        assert "network" not in vars(part)
        found, expected = next(part.compute([[3, 1]])), next(work.compute([[3, 1]]))
        assert all(np.array_equal(found[layer], values) for layer, values in expected.items())

    def test_overflow_is_an_error_that_says_so(self, small_cnn):
        work = extraction(small_cnn, dtype="float16")
        with pytest.raises(BackboneError, match=r"float16 cannot hold.*backbone\.dtype=float32"):
            work._stored("block4_pool", np.array([[1e6]], dtype=np.float32))
        with pytest.raises(BackboneError, match="nan"):
            work._stored("block4_pool", np.array([[np.nan]], dtype=np.float32))

    def test_a_missing_layer_is_named_with_those_there_are(self, small_cnn):
        with pytest.raises(BackboneError, match=r"no layer block9_pool; it has .*block4_pool"):
            extraction(small_cnn, layers=("block4_pool", "block9_pool"))


class TestIdentity:
    def test_every_setting_that_changes_features_changes_it(self, small_cnn):
        base = Backbone(model_file=small_cnn)
        changes = [
            {"layers": ("block4_pool",)},
            {"image_size": 64},
            {"resize": "nearest"},
            {"preprocessing": "tf"},
            {"dtype": "float32"},
            {"model_file": None, "weights": "random"},
            {"model_file": None, "weights": "random", "seed": 1},
            {"model_file": None, "weights": "imagenet"},
            {"model_file": None, "name": "VGG19", "weights": "imagenet"},
        ]
        identities = [str(backbone.identity(base.model_copy(update=change))) for change in [{}, *changes]]
        assert len(set(identities)) == len(identities)

    def test_settings_that_only_change_the_pace_do_not(self, small_cnn):
        base = Backbone(model_file=small_cnn)
        faster = base.model_copy(update={"batch_size": 64, "shard_rows": 7})
        assert backbone.identity(base) == backbone.identity(faster)

    def test_the_order_of_paintings_and_layers_count_but_not_for_the_folder(self, small_cnn):
        settings = Backbone(model_file=small_cnn)
        first, second = (backbone.contents(paintings, settings) for paintings in (["a", "b"], ["b", "a"]))
        third = backbone.contents(["a", "b"], settings.model_copy(update={"layers": ("block5_pool",)}))
        assert len({contents.fingerprint for contents in (first, second, third)}) == 3
        assert first.identity == second.identity == third.identity

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(BackboneError, match=r"no model or weights file .*none\.keras"):
            backbone.identity(Backbone(model_file=tmp_path / "none.keras"))

    def test_features_that_were_stored_by_earlier_releases_are_found(self):
        path = backbone.contents(["0" * 64], Backbone(weights="random")).below(Path("features"))
        assert path == Path("features/579204b4467847d4/19a58d4383443304.json")


def saved(tmp_path, *shapes, layer=None):
    """A model of inputs of these shapes, with one layer that is kept."""
    inputs = [keras.Input(shape) for shape in shapes]
    kept = layer or keras.layers.Conv2D(2, 3, strides=2, name="kept")
    path = tmp_path / "model.keras"
    keras.Model(inputs, [kept(inputs[0]), *(keras.layers.Identity()(other) for other in inputs[1:])]).save(path)
    return Backbone(model_file=path, layers=("kept",), preprocessing="none", dtype="float32")


class TestWhatAModelMustBe:
    @pytest.mark.parametrize(
        ("shape", "settings", "values"),
        [
            ((32, 32, 1), {}, 15 * 15 * 2),
            ((32, 32, 1), {"preprocessing": "tf"}, 15 * 15 * 2),
            ((24, 40, 3), {"preprocessing": "caffe"}, 11 * 19 * 2),
            ((24, 40, 1), {}, 11 * 19 * 2),
            ((None, None, 3), {"image_size": 48}, 23 * 23 * 2),
            ((None, None, 3), {}, 111 * 111 * 2),
            ((None, 40, 1), {"image_size": 40}, 19 * 19 * 2),
        ],
        ids=str,
    )
    def test_any_that_can_be_shown_a_picture(self, tmp_path, shape, settings, values):
        keras.utils.set_random_seed(0)
        given = saved(tmp_path, shape).model_copy(update=settings)
        readers = [partial(encode, picture(number, (60, 20))) for number in range(3)]
        work = Extraction(readers, ["0" * 64] * 3, given, 150)
        assert work.columns == {"kept": values}
        found = np.concatenate([batch["kept"] for batch in work.compute([range(3)])])
        assert found.shape == (3, values)
        assert len(np.unique(found, axis=0)) == 3

    @pytest.mark.parametrize(
        ("shapes", "settings", "told"),
        [
            ([(32, 32, 3), (4,)], {}, r"must take one picture: a single input .*\(32, 32, 3\), \(4,\)"),
            ([(32, 32, 4)], {}, r"channels, which are 3 or 1 and come last\. Received: \(32, 32, 4\)"),
            ([(32, 32, 2)], {}, "which are 3 or 1"),
            ([(8, 32, 32, 3)], {"layer": keras.layers.Flatten(name="kept")}, "must take one picture"),
            ([(32,)], {"layer": keras.layers.Dense(3, name="kept")}, "must take one picture"),
            ([(32, 32, 1)], {"preprocessing": "caffe"}, r"preprocessing=caffe is for three channels.*none .* or tf"),
            ([(32, 32, 1)], {"preprocessing": "torch"}, "preprocessing=torch is for three channels"),
            ([(32, 32, 3)], {"image_size": 64}, "image_size=64 is not allowed: the model takes 32 x 32 pixels only"),
            ([(24, 40, 3)], {"image_size": 40}, "the model takes 24 x 40 pixels only"),
            (
                [(32, 32, 3)],
                {"layer": keras.layers.Identity(name="kept", dtype="int32")},
                r"the layer kept must give floating point numbers of a fixed size\. Received: \(32, 32, 3\) int32",
            ),
        ],
        ids=str,
    )
    def test_all_others_are_refused_when_they_are_built(self, tmp_path, shapes, settings, told):
        layer = settings.pop("layer", None) if "layer" in settings else None
        given = saved(tmp_path, *shapes, layer=layer).model_copy(update=settings)
        with pytest.raises(BackboneError, match=told):
            backbone.build(given)

    def test_a_layer_of_several_outputs(self, tmp_path):
        inputs = keras.Input((32, 32, 3))
        kept = keras.Model(inputs, [keras.layers.ReLU()(inputs), keras.layers.Flatten()(inputs)], name="kept")
        with pytest.raises(BackboneError, match=r"the layer kept of the backbone must have one output\."):
            backbone.build(saved(tmp_path, (32, 32, 3), layer=lambda x: kept(x)[0]))


class TestFilesThatNobodyVouchesFor:
    def test_a_stated_checksum_is_held_against_the_file(self, small_cnn):
        right = hashlib.sha256(small_cnn.read_bytes()).hexdigest()
        settings = Backbone(model_file=small_cnn, weights_sha256=right.upper())
        assert backbone.build(settings).outputs
        assert backbone.identity(settings) == backbone.identity(Backbone(model_file=small_cnn))
        other = Backbone(model_file=small_cnn, weights_sha256="0" * 64)
        for use in (backbone.build, backbone.identity):
            with pytest.raises(
                BackboneError, match=rf"small\.keras is not the file .* its SHA-256 is {right}, not 0000"
            ):
                use(other)

    def test_of_weights_too(self, tmp_path):
        path = tmp_path / "notop.weights.h5"
        path.write_bytes(b"other weights")
        with pytest.raises(BackboneError, match=r"notop\.weights\.h5 is not the file that backbone\.weights_sha256"):
            backbone.build(Backbone(weights=str(path), weights_sha256="0" * 64))

    def test_a_model_that_carries_code_is_refused(self, tmp_path):
        inputs = keras.layers.Input((32, 32, 3))
        path = tmp_path / "lambda.keras"
        keras.Model(inputs, keras.layers.Lambda(lambda x: x, name="block4_pool")(inputs)).save(path)
        with pytest.raises(BackboneError, match=r"lambda\.keras cannot be loaded as a Keras model: .*[Ll]ambda"):
            backbone.build(Backbone(model_file=path, layers=("block4_pool",)))

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04cos\nsystem\n(S'true'\ntR."])
    def test_what_is_no_model(self, tmp_path, content):
        path = tmp_path / "model.keras"
        path.write_bytes(content)
        with pytest.raises(BackboneError, match=r"model\.keras cannot be loaded as a Keras model: ."):
            backbone.build(Backbone(model_file=path))


class TestVGG16:
    def test_random_weights_repeat(self):
        first, second = (
            backbone.build(Backbone(weights="random", image_size=32, seed=seed)).get_weights()[0] for seed in (3, 3)
        )
        assert np.array_equal(first, second)

    def test_shapes_of_the_original(self):
        network = backbone.build(Backbone(weights="random"))
        assert [output.shape[1:] for output in network.outputs] == [(14, 14, 512), (7, 7, 512)]

    def test_a_weights_file(self, tmp_path):
        keras.utils.set_random_seed(9)
        saved = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
        path = tmp_path / "notop.weights.h5"
        saved.save_weights(path)
        loaded = backbone.build(Backbone(weights=str(path), image_size=32))
        assert np.array_equal(loaded.get_weights()[0], saved.get_weights()[0])
        assert "weights_sha256" in backbone.identity(Backbone(weights=str(path)))

    def test_no_network_names_the_ways_out(self, monkeypatch, tmp_path):
        def no_network(*args, **kwargs):
            raise Exception("URL fetch failure")

        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.setattr("keras.src.applications.vgg16.file_utils.get_file", no_network)
        with pytest.raises(BackboneError) as caught:
            backbone.build(Backbone())
        for way in (str(tmp_path), "backbone.weights=/path", "backbone.model_file=", "backbone.weights=random"):
            assert way in str(caught.value)

    def test_an_unknown_name(self):
        with pytest.raises(BackboneError, match=r"keras\.applications\. Received: VGG99"):
            backbone.build(Backbone(name="VGG99", weights="random"))

    def test_mixed_precision_leaves_the_policy_as_it_was(self):
        network = backbone.build(Backbone(weights="random", image_size=32, precision="mixed_bfloat16"))
        assert network.layers[1].compute_dtype == "bfloat16"
        assert keras.config.dtype_policy().name == "float32"
