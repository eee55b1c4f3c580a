"""What happens around a run: nobody else writes, its settings name the features, and its report is told."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io.core import DatasetError

from grisaille.catalog import refuse_damaged

if TYPE_CHECKING:
    from grisaille.run_lock import RunLock

logger = logging.getLogger(__name__)


class FeatureIdentityHook:
    """Tells the feature store which features the run's parameters and paintings ask for."""

    @hook_impl
    def after_catalog_created(self, catalog: DataCatalog) -> None:
        """Hand the identity to `features`, as a function: the paintings may not be known before ingestion ran."""
        from grisaille.datasets import FeatureStoreDataset

        for name, layers_of in {"features": None, "study_features": "study"}.items():
            features = catalog.get(name) if name in catalog else None
            if isinstance(features, FeatureStoreDataset):
                features.expect(self._identity(catalog, layers_of))

    @staticmethod
    def _identity(catalog: DataCatalog, layers_of: str | None) -> Callable[[], Mapping[str, Any] | None]:
        def identity() -> Mapping[str, Any] | None:
            from grisaille import backbone
            from grisaille.parameters import Backbone, Study

            if not catalog.exists("paintings"):
                return None
            settings = catalog.load("params:backbone")
            settings = settings if isinstance(settings, Backbone) else Backbone.model_validate(settings)
            if layers_of is not None:
                study = catalog.load(f"params:{layers_of}")
                study = study if isinstance(study, Study) else Study.model_validate(study)
                settings = settings.model_copy(update={"layers": study.layers})
            return backbone.store_identity(catalog.load("paintings")["sha256"].tolist(), settings)

        return identity


class MissingInputsHook:
    """Says what a part of the run lacks, before anything is computed; Kedro would tell of versions and file paths."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: DataCatalog) -> None:
        """Look for everything versioned that the run reads.

        Raises:
            DatasetError: If something was never made, or is damaged.
        """
        versioned = [
            name for name in sorted(pipeline.inputs()) if isinstance(catalog.get(name), AbstractVersionedDataset)
        ]
        for name in versioned:
            refuse_damaged(catalog.get(name), name)
        missing = [name for name in versioned if not catalog.exists(name)]
        if missing:
            raise DatasetError(
                f"{', '.join(missing)}: not there yet, and this part of the run reads it; "
                "run `kedro run` with the same --params first, which makes everything in order"
            )


class ReportHook:
    """Ends a run that wrote a report by saying where it is, and its five main lines."""

    @hook_impl
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: DataCatalog) -> None:
        """Print the summary."""
        if "report_summary" not in pipeline.all_outputs():
            return
        report = catalog.get("report")
        print()
        for line in catalog.load("report_summary"):
            print(f"  {line}")
        print(f"\n  The whole report: {getattr(report, '_filepath', 'the catalog entry report')}\n", flush=True)


class RunLockHook:
    """Lets one run at a time write to a storage, and clears away what killed runs left half written there."""

    def __init__(self) -> None:
        """Nothing is locked before a run begins."""
        self._root: Path | None = None
        self._lock: RunLock | None = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Learn where everything is stored."""
        storage = str(context.config_loader["globals"]["storage"])
        self._root = None if "://" in storage else Path(context.project_path, storage)

    @hook_impl(trylast=True)
    def before_pipeline_run(self) -> None:
        """Take the lock, after all that may still refuse the run.

        Raises:
            AnotherRunError: If another run holds it.
        """
        from grisaille.run_lock import RunLock
        from grisaille.storage import sweep

        # An interrupted run of this very process, in a notebook, never said that it was over.
        self._release()
        if self._root is None:
            logger.warning("nothing keeps two runs apart where files are not local: start one at a time")
            return
        self._lock = RunLock(self._root)
        self._lock.acquire()
        for path in sweep(self._root):
            logger.info("removed what a killed run had half written: %s", path)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Let others write."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Let others write."""
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._lock = None
