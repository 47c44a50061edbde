"""Datasets in another language: the texts of the configuration where it has them, else those of the catalogues."""

import msgspec

from ocean_common.i18n import Translator
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, VariableRecord

SOURCE = "en"  # the language of the records


def localize_dataset(record: DatasetRecord, translate: Translator) -> DatasetRecord:
    """Translate the texts of a dataset that people read; keys, units and standard names stay."""
    if translate.language == SOURCE:
        return record
    return msgspec.structs.replace(
        record,
        **record.translations.get(translate.language, {}),
        variables=[_localize_variable(variable, translate) for variable in record.variables],
    )


def localize_snapshot(snapshot: Snapshot, translate: Translator) -> Snapshot:
    """Translate all datasets; the revision stays."""
    if translate.language == SOURCE:
        return snapshot
    datasets = {name: localize_dataset(record, translate) for name, record in snapshot.datasets.items()}
    return msgspec.structs.replace(snapshot, datasets=datasets)


def localize_name(variable: VariableRecord, translate: Translator) -> str:
    """Return the display name of a variable: of the configuration, else of its quantity."""
    if translate.language == SOURCE:
        return variable.name
    texts = variable.translations.get(translate.language, {})
    # A name that is no quantity's may distinguish it from others of the same standard name: it stays.
    is_from_file = variable.name in {variable.long_name, variable.standard_name, variable.key}
    quantity = translate.quantity(variable.name, variable.standard_name if is_from_file else None)
    return texts.get("name") or quantity or variable.name


def _localize_variable(variable: VariableRecord, translate: Translator) -> VariableRecord:
    texts = variable.translations.get(translate.language, {})
    long_name = texts.get("long_name") or translate.quantity(variable.long_name) or variable.long_name
    return msgspec.structs.replace(variable, name=localize_name(variable, translate), long_name=long_name)
