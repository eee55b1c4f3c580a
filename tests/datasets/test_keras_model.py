import keras

from grisaille.datasets.keras_model import KerasModelDataset


def model(value):
    inputs = keras.layers.Input((1,))
    return keras.Model(inputs, keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(value))(inputs))


def test_a_model_is_read_once_as_long_as_its_file_stays_as_it_is(tmp_path):
    dataset, same = (KerasModelDataset(filepath=str(tmp_path / "model.keras")) for _ in range(2))
    dataset.save(model(1))
    first = dataset.load()
    assert same.load() is first
    dataset.save(model(2))
    assert same.load().get_weights()[0] == 2
    assert first.get_weights()[0] == 1


def test_a_run_forgets_a_model_that_no_node_needs_any_more(tmp_path):
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(model(1))
    first = dataset.load()
    dataset.release()
    assert dataset.load() is not first
