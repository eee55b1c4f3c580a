"""VGG16's bare forward pass by other engines than TensorFlow; speed does not depend on weights, which are random.

Run by a Python that has PyTorch, onnx, onnxruntime and openvino: `python benchmarks/engines.py openvino`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ENGINES = ("onnxruntime", "openvino")
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
_SIDE, _SECONDS = 224, 8.0


def forward(engine: str, batch: int) -> Callable[[], object]:
    """One pass over a batch that is in memory, through block4_pool and block5_pool."""
    images = np.random.default_rng(0).uniform(-120, 130, (batch, 3, _SIDE, _SIDE)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vgg16.onnx")
        _export(path, images)
        if engine == "onnxruntime":
            import onnxruntime

            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            return lambda: session.run(None, {"images": images})
        import openvino

        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        compiled = openvino.Core().compile_model(path, "CPU", hints)
        return lambda: compiled([images])


def _export(path: Path, images: Any) -> None:
    import torch

    blocks, channels = [], 3
    for width, convolutions in _BLOCKS:
        layers: list[Any] = []
        for _ in range(convolutions):
            layers += [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU()]
            channels = width
        blocks.append(torch.nn.Sequential(*layers, torch.nn.MaxPool2d(2)))

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = torch.nn.ModuleList(blocks)

        def forward(self, values: Any) -> list[Any]:
            outputs = []
            for block in self.blocks:
                values = block(values)
                outputs.append(values)
            return outputs[3:]

    torch.onnx.export(Network().eval(), torch.from_numpy(images), path, input_names=["images"], dynamo=False)


def rate(engine: str, batch: int = 16) -> float:
    """Images a second."""
    call = forward(engine, batch)
    call()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < _SECONDS:
        call()
        done += batch
    return done / (time.perf_counter() - start)


if __name__ == "__main__":
    print(json.dumps({"images_per_second": rate(sys.argv[1])}))
