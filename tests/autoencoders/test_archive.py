import keras
import numpy as np
import pytest
from keras import layers

from grisaille.autoencoders.archive import make_deterministic


def model(kernel=1.0):
    """A model whose layers share an initializer, to which Keras refers by its address in memory."""
    shared = keras.initializers.Constant(kernel)
    inputs = layers.Input((3,), name="features")
    x = layers.Dense(2, kernel_initializer=shared, name="one")(inputs)
    return keras.Model(inputs, layers.Dense(2, kernel_initializer=shared, name="two")(x), name="small")


@pytest.fixture
def saved(tmp_path):
    """A function that saves a model under a name and returns the file."""

    def save(name, network):
        path = tmp_path / f"{name}.keras"
        network.save(path)
        return path

    return save


class TestSettling:
    def test_equal_models_are_equal_files(self, saved):
        one, other = model(), model()
        first, second = saved("one", one), saved("other", other)
        assert first.read_bytes() != second.read_bytes()
        make_deterministic(first)
        make_deterministic(second)
        assert first.read_bytes() == second.read_bytes()

    def test_names_that_keras_makes_up_do_not_count_other_models(self, saved):
        def unnamed():
            inputs = layers.Input((3,), name="features")
            left, right = keras.ops.sqrt(inputs), keras.ops.sqrt(inputs + 1)
            return keras.Model(
                inputs, layers.Dense(2, kernel_initializer="ones", name="code")(left - right), name="small"
            )

        first = saved("one", unnamed())
        network = unnamed()
        second = saved("other", network)
        for path in (first, second):
            make_deterministic(path)
        assert first.read_bytes() == second.read_bytes()
        row = np.arange(3, dtype=np.float32)[None]
        loaded = keras.saving.load_model(second, safe_mode=True)
        np.testing.assert_array_equal(loaded.predict_on_batch(row), network.predict_on_batch(row))

    def test_a_model_within_a_model_has_names_of_its_own(self, saved):
        inputs = layers.Input((3,), name="features")
        negative = layers.ReLU(name="re_lu_7")(layers.Rescaling(-1, name="negative")(inputs))
        inner = keras.Model(inputs, [layers.ReLU(name="re_lu")(inputs), negative], name="inner")
        others = layers.Input((3,), name="others")
        network = keras.Model(others, inner(layers.ReLU(name="re_lu_1")(others))[1], name="outer")
        path = saved("outer", network)
        make_deterministic(path)
        names = [layer.name for layer in keras.saving.load_model(path).get_layer("inner").layers]
        assert {"re_lu_0", "re_lu_1"} < set(names)
        assert keras.saving.load_model(path).get_layer("inner").outputs[1]._keras_history.operation.name == "re_lu_1"

    def test_other_weights_are_other_files(self, saved):
        first, second = saved("one", model()), saved("other", model(2.0))
        make_deterministic(first)
        make_deterministic(second)
        assert first.read_bytes() != second.read_bytes()

    def test_it_loads_safely_as_before(self, saved):
        network = model()
        path = saved("one", network)
        make_deterministic(path)
        loaded = keras.saving.load_model(path, safe_mode=True)
        row = np.arange(3, dtype=np.float32)[None]
        assert np.array_equal(loaded.predict_on_batch(row), network.predict_on_batch(row))

    def test_twice_is_once(self, saved):
        path = saved("one", model())
        make_deterministic(path)
        once = path.read_bytes()
        make_deterministic(path)
        assert path.read_bytes() == once
