"""The studio: a local web application on what a run has left. What it answers with is in `grisaille.api`."""
