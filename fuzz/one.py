"""One target under libFuzzer: `python -m fuzz.one ingestion -max_total_time=60 corpus/`."""

import logging
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["grisaille", "PIL", "imagehash", "numpy.lib"]):
    import PIL.BmpImagePlugin
    import PIL.GifImagePlugin
    import PIL.ImageCms
    import PIL.JpegImagePlugin
    import PIL.MpoImagePlugin
    import PIL.PngImagePlugin
    import PIL.TiffImagePlugin
    import PIL.WebPImagePlugin  # noqa: F401 - Pillow imports its formats when they are needed, which is too late

    from fuzz.targets import TARGETS

import pandas.core.frame  # noqa: F401 - seconds that must not count as those of the first input

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable()
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
