import numpy as np
import pytest

from grisaille.autoencoders.joining import digest, older_than_codes, older_than_features


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
