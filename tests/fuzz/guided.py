"""One target under atheris: `python -m tests.fuzz.guided NAME` and libFuzzer's own options.

Runs where atheris can be imported; `python -m tests.fuzz` sees to that. Half of the mutations are
libFuzzer's, half are those of the tests, which know what lengths and values are.
"""

import random
import sys

import atheris

with atheris.instrument_imports(include=["standing"]):
    from tests.fuzz.mutations import mutate
    from tests.fuzz.seeds import IN_CBOR, seeds_of
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    seeds = seeds_of(name)

    def mutation(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.randrange(2):
            return bytes(atheris.Mutate(data, most))
        return mutate(chance.randrange, [data] * len(seeds) + seeds, in_cbor=name in IN_CBOR)[:most]

    atheris.Setup(sys.argv, TARGETS[name], custom_mutator=mutation)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
