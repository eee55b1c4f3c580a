"""Ways to make VGG16's bare forward pass faster than Keras and TensorFlow make it by themselves, each beside PyTorch's.

Extraction can be no faster than the forward pass. `python -m benchmarks.forward WAY` times one way.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

from benchmarks.tools import Given, Skipped

# Way -> what it is, and its batch size.
WAYS = {
    "as it is": ("Keras compiled by `tf.function`", 16),
    "small batches": ("the same", 8),
    "large batches": ("the same", 32),
    "XLA": ("compiled by XLA", 16),
    "frozen": ("weights as constants, so that TensorFlow may fuse and rearrange", 16),
    "one after another": ("operations not side by side", 16),
    "Eigen": ("without oneDNN", 16),
}
_SECONDS = 8.0
_ROUNDS = 2


def measure(given: Given) -> dict[str, Any]:
    """Images a second of every way and of PyTorch, in turn; the best of two rounds."""
    best: dict[str, float] = {}
    torch: list[float] = []
    for _ in range(_ROUNDS):
        for way in WAYS:
            best[way] = max(best.get(way, 0.0), _in_a_process(way))
        if given.torch_python is not None:
            try:
                torch.append(given.baseline("torch-forward", python=given.torch_python)["images_per_second"])
            except Skipped as reason:
                print(reason, file=sys.stderr)
    described = {way: {"what": what, "batch": batch} for way, (what, batch) in WAYS.items()}
    ways = {way: described[way] | {"images_per_second": rate} for way, rate in best.items()}
    return {"ways": ways, "torch": max(torch, default=None)}


def _in_a_process(way: str) -> float:
    command = [sys.executable, "-m", "benchmarks.forward", way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def rate(way: str) -> float:
    """Images a second of one way; the process must be fresh."""
    if way == "Eigen":
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    if way == "one after another":
        tf.config.threading.set_inter_op_parallelism_threads(1)
    batch = WAYS[way][1]
    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    model = keras.Model(network.inputs, [network.get_layer(name).output for name in ("block4_pool", "block5_pool")])
    images = tf.constant(np.random.default_rng(0).uniform(-120, 130, (batch, 224, 224, 3)).astype("float32"))
    forward = tf.function(lambda x: model(x, training=False), jit_compile=way == "XLA")
    if way == "frozen":
        forward = convert_variables_to_constants_v2(forward.get_concrete_function(images))
    forward(images)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < _SECONDS:
        forward(images)
        done += batch
    return done / (time.perf_counter() - start)


if __name__ == "__main__":
    print(json.dumps(rate(sys.argv[1])))
