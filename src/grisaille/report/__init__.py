"""The report page, for readers who know art but no Python, and the summary that a run prints."""
