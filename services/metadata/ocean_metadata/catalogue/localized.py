"""A dataset in the language of who asks: what the configuration says in it, else what catalogues know."""

import msgspec

from ocean_common.contracts.metadata import FileProblem, VariableProblem
from ocean_common.i18n import Translator
from ocean_metadata.catalogue.model import DatasetRecord, Snapshot, VariableRecord

SOURCE = "en"  # the language of the records


def localized(record: DatasetRecord, translate: Translator) -> DatasetRecord:
    """Tell a dataset in another language.

    Parameters
    ----------
    record : DatasetRecord
        As the catalogue keeps it.
    translate : Translator
        Who knows the language.

    Returns
    -------
    DatasetRecord
        With the texts that people read in the language; keys, units and standard names stay.
    """
    if translate.language == SOURCE:
        return record
    return msgspec.structs.replace(
        record,
        **record.translations.get(translate.language, {}),
        variables=[_variable(one, translate) for one in record.variables],
        reason=record.reason and translate(record.reason),
        problems=[FileProblem(file=one.file, reason=translate(one.reason)) for one in record.problems],
        left_out=[VariableProblem(variable=one.variable, reason=translate(one.reason)) for one in record.left_out],
    )


def in_language(snapshot: Snapshot, translate: Translator) -> Snapshot:
    """Tell all datasets in another language.

    Parameters
    ----------
    snapshot : Snapshot
        The catalogue at one moment.
    translate : Translator
        Who knows the language.

    Returns
    -------
    Snapshot
        Of the same revision.
    """
    if translate.language == SOURCE:
        return snapshot
    datasets = {name: localized(one, translate) for name, one in snapshot.datasets.items()}
    return msgspec.structs.replace(snapshot, datasets=datasets)


def named(one: VariableRecord, translate: Translator) -> str:
    """The display name of a variable: as the configuration gives it, else what quantities of its name are called."""
    if translate.language == SOURCE:
        return one.name
    told = one.translations.get(translate.language, {})
    # A name that is no quantity's may part it from others of the same standard name: it stays.
    from_files = one.name in {one.long_name, one.standard_name, one.key}
    return told.get("name") or translate.quantity(one.name, one.standard_name if from_files else None) or one.name


def _variable(one: VariableRecord, translate: Translator) -> VariableRecord:
    told = one.translations.get(translate.language, {})
    long_name = told.get("long_name") or translate.quantity(one.long_name) or one.long_name
    return msgspec.structs.replace(one, name=named(one, translate), long_name=long_name)
