"""One folder a pipeline: the wiring in `pipeline.py`, thin functions in `nodes.py`."""

import warnings

# Codes of a chunk have the name of its namespace ("pool5.codes") where they are joined. Kedro warns about dots outside
# namespaces; here they are intended.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.' characters")
