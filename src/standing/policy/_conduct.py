"""May this conduct be recorded under this pack: known type, weighted here, coded details only."""

from collections.abc import Mapping

from standing.errors import Refused
from standing.policy._schema import Catalogue, Field, Pack


def check_conduct(
    catalogue: Catalogue,
    pack: Pack,
    *,
    type: str,  # noqa: A002 - the word of the ledger
    details: Mapping[str, int | str],
) -> None:
    """Raise unless the pack weighs the act type and the details are exactly its coded fields.

    `E-ROW-31` unknown type, `E-ROW-32` a type that this pack does not weigh, `E-ROW-33` a detail
    that is missing, unknown, out of range or not a code. There is no free text (L61).
    """
    kind = catalogue.types.get(type)
    if kind is None:
        raise Refused(
            "E-ROW-31",
            f"The act type {type!r} is not in the catalogue.",
            why=f"Catalogue version {catalogue.version} lists {len(catalogue.types)} types (L61).",
            fix="Use a listed type; a new one needs a new catalogue and new consents.",
        )
    if type not in pack.acts:
        raise Refused(
            "E-ROW-32",
            f"The pack of {pack.context} does not weigh {type!r}.",
            why=f"Version {pack.version} weighs {', '.join(sorted(pack.acts))}.",
            fix="Import the row into the context whose pack weighs it, or leave it out.",
        )
    for name in sorted(details.keys() - kind.fields.keys()):
        allowed = ", ".join(sorted(kind.fields)) or "none"
        raise _detail(type, name, f"got a detail of that name; allowed: {allowed}")
    for name, field in kind.fields.items():
        if name in details:
            _check_detail(type, name, field, details[name])
        elif field.required:
            raise _detail(type, name, "got no value; it is required")


def _check_detail(type_: str, name: str, field: Field, value: int | str) -> None:
    if field.codes:
        if not isinstance(value, str) or value not in field.codes:
            raise _detail(type_, name, f"got {value!r}; allowed: {', '.join(field.codes)}")
        return
    assert field.least is not None  # parse_catalogue: a number has both ends
    assert field.most is not None
    # a bool is an int to Python and not to a reader
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not field.least <= int(value) <= field.most:
        raise _detail(
            type_, name, f"got {value!r}; allowed: whole numbers {field.least} to {field.most}"
        )


def _detail(type_: str, name: str, why: str) -> Refused:
    return Refused(
        "E-ROW-33",
        f"The detail {name!r} of {type_} does not fit.",
        why=f"{why[:1].upper()}{why[1:]} (L61: coded fields, no free text).",
        fix="Give exactly the coded details of the act type.",
    )
