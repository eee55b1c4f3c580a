"""How much of the likeness between paintings survives when their CNN features shrink 392-fold."""

import os

# TensorFlow reads these once, at its first import, so they have to stand before it: quiet by default, and the
# same sums in the same order on every run (https://www.tensorflow.org/api_docs/python/tf/config/experimental).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")

__version__ = "0.1.0"
