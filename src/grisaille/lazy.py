"""pandas, imported when it is first used: half a second that `kedro registry list` need not wait.

A signature may name it, since annotations of the modules that take it from here are read only when a run begins.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = lazy_loader.load("pandas")

__all__ = ["pd"]
