"""How much of the likeness between paintings survives when their CNN features shrink 392-fold."""

import ctypes
import os
import platform

# TensorFlow reads these once, at its first import, so they have to stand before it: quiet by default, and the
# same sums in the same order on every run (https://www.tensorflow.org/api_docs/python/tf/config/experimental).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")

# A training step frees its arrays and allocates them again. glibc gives such memory back to the system each time, and
# much of a training goes into page faults (docs/performance.md). These keep it: M_ARENA_MAX, M_MMAP_MAX and
# M_TRIM_THRESHOLD of mallopt(3).
if platform.libc_ver()[0] == "glibc":
    for _option, _value in {-8: 1, -4: 0, -1: 1 << 30}.items():
        ctypes.CDLL(None).mallopt(_option, _value)

__version__ = "0.1.0"
