"""A first pack of one's own: a shipped sample as its author wrote it, comments and all.

Only what belongs to a place and a day is changed: context, catalogue, linter and dates. The text
is edited line by line, because reading and writing YAML would lose the comments.
"""

import re
from typing import Final

_HEAD: Final = """\
# A starter pack for {context}, made from the sample {name}.
#
# Change it line by line: weights, duties, purposes, restrictions, and who takes part. Everything
# named "Sample" is invented. Then check it: standing pack lint FILE. What the weights come to:
# standing pack show FILE. A first pack is published 30 days before it is in force.
#
"""


def starter(
    sample: str, *, name: str, old: str, context: str, catalogue: str, linter: int, days: list[str]
) -> str:
    """Give a sample's text for another context; `days` are those of publication and of force.

    `old` is the sample's own context.
    """
    published, force = days
    lines = {
        "catalogue": catalogue,
        "linter": str(linter),
        "published": published,
        "force": force,
        "  first_force": force,
        "context": context,
        "score_of": f"[{context}]",
    }

    def written(found: re.Match[str]) -> str:
        key = found["key"]
        # what a restriction or a perk says of its context (L27) has any depth
        value = context if key.strip() == "context" and found["value"] == old else lines.get(key)
        return found[0] if value is None else f"{key}: {value}"

    text = re.sub(r"^(?P<key> *[a-z_]+): (?P<value>.*)$", written, sample, flags=re.MULTILINE)
    return _HEAD.format(context=context, name=name) + text
