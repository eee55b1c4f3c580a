"""Runs beside runs: what each found, and in what two of them differ. No run is started here."""
