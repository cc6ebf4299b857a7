"""The arithmetic of a pack as the reference prints it. Run as a module to print the whole page."""

from standing import policy
from standing.policy._hit import burdens, most_at_once

HEAD = """# The sample packs: their arithmetic

Each number follows from the pack alone; a test keeps this page equal to the packs.
"At once" is the cap times the windows that can hold counting records on one day.
"""


def page(packs):
    return HEAD + "".join(section(pack) for pack in packs)


def section(pack):
    lines = [f"\n## {pack.context}: {pack.title}\n"]
    lines.append(
        f"Base {pack.base}, from {pack.floor} to {pack.ceiling}; bands from below: {bands(pack)}."
    )
    lines.append(f"A record counts {pack.notice_days} days after notice.\n")
    lines.append("| act | tier | points | later (from day: points) | cap | window | at once |")
    lines.append("|---|---|---|---|---|---|---|")
    lines += [row(code, act) for code, act in pack.acts.items()]
    lines.append("")
    lines.append(worst(pack))
    return "\n".join(lines) + "\n"


def bands(pack):
    return ", ".join(f"{band.name} from {band.least}" for band in pack.bands)


def row(code, act):
    first = " (the first of a window warns)" if act.warn_first else ""
    later = ", ".join(f"{day}: {points}" for day, points in act.ages)
    cells = (f"`{code}`", act.tier, f"{act.points:+d}{first}", later, act.cap,
             f"{act.window_days} days", most_at_once(act))  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def worst(pack):
    total = sum(most_at_once(act) for _, act in burdens(pack))
    minor = sum(most_at_once(act) for _, act in burdens(pack) if act.tier == "minor")
    heaviest = min(act.points for _, act in burdens(pack))
    lowest = max(pack.floor, pack.base - total)
    text = (
        f"One record takes at most {-heaviest} points; all burdens at their worst lead to {lowest}."
    )
    if minor:
        text += f" Minor records alone lead to {pack.base - minor} at worst."
    return text


if __name__ == "__main__":
    import sys

    from .conftest import NAMES, PACKS

    found = [policy.parse_pack((PACKS / f"{name}.yaml").read_bytes()) for name in NAMES]
    sys.stdout.write(page(found))
