"""One folder a pipeline: the wiring in `pipeline.py`, thin functions in `nodes.py`."""
