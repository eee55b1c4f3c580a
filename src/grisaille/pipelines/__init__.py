"""One folder a pipeline: the wiring in `pipeline.py`, thin functions in `nodes.py`."""

import warnings

# The codes of a chunk are named by their namespace ("pool5.codes") where they are joined. Kedro warns of every dot
# outside a namespace, in case it was not meant; these are meant.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.' characters")
