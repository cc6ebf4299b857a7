"""The invented city, a dishonest operator, and two examples on real data."""

from standing.demo._city import City, make_city
from standing.demo._examples import EXAMPLES, ExampleRun, run_example
from standing.demo._stage import make_stage
from standing.demo._story import play, story_names
from standing.demo._tamper import TAMPERINGS, tamper
from standing.demo._watched import Watched, watch

__all__ = [
    "EXAMPLES",
    "TAMPERINGS",
    "City",
    "ExampleRun",
    "Watched",
    "make_city",
    "make_stage",
    "play",
    "run_example",
    "story_names",
    "tamper",
    "watch",
]
