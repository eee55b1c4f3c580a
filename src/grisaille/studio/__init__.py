"""The studio, a local web application on the results of a run. It answers through `grisaille.api`."""
