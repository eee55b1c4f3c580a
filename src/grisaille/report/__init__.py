"""The page that a person who knows art but no Python can read, and its five main lines. Imported on first use."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grisaille.report.page import render
    from grisaille.report.results import Results, ends_of_pairs
    from grisaille.report.summary_lines import summary
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={"page": ["render"], "results": ["Results", "ends_of_pairs"], "summary_lines": ["summary"]},
    )

__all__ = ["Results", "ends_of_pairs", "render", "summary"]
