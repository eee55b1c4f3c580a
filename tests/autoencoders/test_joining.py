import numpy as np
import pytest

from grisaille.autoencoders.joining import (
    check_encoders_are_of,
    digest,
    older_than_codes,
    older_than_encoders,
    older_than_features,
    origin_of_codes,
    origin_of_encoder,
)


class TestDigest:
    ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)

    def test_equal_arrays(self):
        assert digest(self.ARRAY) == digest(np.asfortranarray(self.ARRAY))

    @pytest.mark.parametrize(
        "other", [ARRAY.T, ARRAY.astype("f8"), ARRAY + np.float32(1e-6), ARRAY.reshape(-1)], ids=str
    )
    def test_other_arrays(self, other):
        assert digest(other) != digest(self.ARRAY)


class TestCodesOlderThanFeatures:
    def test_those_that_are_are_named_with_the_command(self):
        origins = {"pool5": {"features": "old"}, "top": {"features": "new"}, "bottom": {"features": "old"}}
        told = older_than_features(origins, "new")
        assert told.startswith("`pool5.codes`, `bottom.codes` are older than the features")
        assert "`kedro run --pipeline autoencoding`" in told

    def test_none(self):
        assert older_than_features({"pool5": {"features": "new"}}, "new") is None


class Encoder:
    """As much of a Keras model as an origin asks for."""

    def __init__(self, value):
        self.value = value

    def get_weights(self):
        return [np.full(2, self.value, np.float32)]


class TestEncoders:
    def test_codes_tell_of_their_encoder_and_what_it_was_trained_on(self):
        trained = origin_of_encoder(Encoder(1), "split")
        assert origin_of_codes("features", Encoder(1), trained) == {"features": "features", **trained}
        assert trained == {"encoder": digest(np.ones(2, np.float32)), "split": "split"}

    def test_the_origin_of_another(self):
        with pytest.raises(ValueError, match="an encoder and its encoder_origin are of different runs"):
            origin_of_codes("features", Encoder(1), origin_of_encoder(Encoder(2), "split"))

    def test_codes_of_another_are_named_with_the_command(self):
        made, stored = ({"top": {"encoder": "a"}, "low": {"encoder": encoder}} for encoder in "ab")
        told = older_than_encoders(made, stored)
        assert told.startswith(
            "`low.codes` is older than `low.encoder`: made by another; run `kedro run --pipeline auto"
        )
        assert older_than_encoders(made, made) is None

    def test_embeddings_of_another_are_compared_with_nothing(self):
        origin = {"encoders": {name: digest(np.full(2, 1, np.float32)) for name in ("top", "low")}}
        check_encoders_are_of(origin, {"top": Encoder(1), "low": Encoder(1)})
        with pytest.raises(ValueError, match=r"other encoders than low\.encoder\. Name all of one run"):
            check_encoders_are_of(origin, {"top": Encoder(1), "low": Encoder(2)})
        with pytest.raises(ValueError, match=r"other encoders than top\.encoder"):
            check_encoders_are_of({}, {"top": Encoder(1)})


class TestEmbeddingsOlderThanCodes:
    CODES = {name: np.full((2, 2), value, np.float32) for name, value in (("pool5", 1), ("top", 2))}  # noqa: RUF012
    ORIGIN = {"codes": {name: digest(array) for name, array in CODES.items()}}  # noqa: RUF012

    def test_the_chunk_that_changed_is_named_with_the_command(self):
        told = older_than_codes(self.ORIGIN, self.CODES | {"top": self.CODES["top"] + 1})
        assert told.startswith("`embeddings` is older than `top.codes`;")
        assert "`kedro run --from-nodes concatenate_codes`" in told

    def test_codes_in_another_order_are_another_embedding(self):
        told = older_than_codes(self.ORIGIN, dict(reversed(self.CODES.items())))
        assert "joined from pool5, top, and the chunks are top, pool5 now" in told

    def test_an_origin_that_does_not_say(self):
        assert "older than `pool5.codes`, `top.codes`" in older_than_codes({}, self.CODES)

    def test_none(self):
        assert older_than_codes(self.ORIGIN, self.CODES) is None
