"""From files to a collection: decoding, names, duplicates, the split. What stores them is in `datasets`."""
