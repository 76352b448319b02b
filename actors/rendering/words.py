"""What a prompt asks for, by the words it holds: the hour, the ground, and the features of the picture."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LIGHTS: Mapping[str, tuple[str, ...]] = {
    "dawn": ("dawn", "sunrise", "daybreak", "morning", "early light"),
    "day": ("day", "noon", "midday", "daylight", "sunny", "summer", "spring", "afternoon", "blue sky"),
    "sunset": ("sunset", "sundown", "golden hour", "golden", "autumn", "fiery"),
    "dusk": ("dusk", "twilight", "evening", "blue hour", "nightfall", "gloaming"),
    "night": ("night", "midnight", "moon", "moonlit", "moonlight", "star", "starry", "milky way", "galaxy", "nocturne"),
    "storm": ("storm", "stormy", "tempest", "thunder", "overcast", "rain", "rainy", "grey", "gray", "gloomy"),
}
GROUNDS: Mapping[str, tuple[str, ...]] = {
    "mountains": ("mountain", "peak", "alps", "alpine", "summit", "himalaya", "glacier", "cliff", "volcano", "fjord"),
    "forest": ("forest", "wood", "woodland", "pine", "fir", "tree", "jungle", "taiga"),
    "desert": ("desert", "dune", "sahara", "sand", "oasis"),
    "sea": (
        "sea",
        "ocean",
        "beach",
        "coast",
        "shore",
        "wave",
        "harbour",
        "harbor",
        "bay",
        "island",
        "sail",
        "seascape",
    ),
    "city": ("city", "skyline", "town", "downtown", "skyscraper", "metropolis", "urban", "street", "building", "tokyo"),
    "hills": ("hill", "valley", "field", "meadow", "countryside", "landscape", "prairie", "farm", "vineyard", "nature"),
}
FEATURES: Mapping[str, tuple[str, ...]] = {
    "lighthouse": ("lighthouse", "beacon", "phare"),
    "aurora": ("aurora", "northern lights", "borealis", "polar light"),
    "snow": ("snow", "snowy", "winter", "ice", "icy", "arctic", "frozen", "glacier", "alps", "himalaya"),
    "water": ("lake", "river", "water", "reflection", "pond", "fjord", "lagoon", "oasis", "harbour", "harbor"),
    "mist": ("mist", "misty", "fog", "foggy", "haze", "hazy"),
    "clouds": ("cloud", "cloudy", "storm", "stormy", "overcast", "tempest", "thunder"),
    "moon": ("moon", "moonlit", "moonlight"),
    "stars": ("star", "starry", "milky way", "galaxy"),
}
ABSTRACT = ("abstract", "pattern", "texture", "silk", "fluid", "marble", "colour field", "color field", "gradient")
BLOOM = ("flower", "bloom", "blossom", "rose", "dahlia", "lotus", "petal", "mandala", "chrysanthemum", "peony")


@dataclass(frozen=True, slots=True)
class Theme:
    """What the words say. None where they say nothing; `known` when they name anything to be seen in a landscape."""

    light: str | None
    ground: str | None
    features: frozenset[str]
    unwanted: frozenset[str]
    abstract: bool
    bloom: bool

    @property
    def known(self) -> bool:
        return bool(self.light or self.ground or self.features)


def theme_of(prompt: str, negative_prompt: str = "") -> Theme:
    """Read a theme. The first light or ground that the prompt names counts; the negative prompt takes away."""
    text, unwanted = normalised(prompt), normalised(negative_prompt)
    refused = {*_named(FEATURES, unwanted), *_named(LIGHTS, unwanted), *_named(GROUNDS, unwanted)}
    return Theme(
        light=next((name for name in _named(LIGHTS, text) if name not in refused), None),
        ground=next((name for name in _named(GROUNDS, text) if name not in refused), None),
        features=frozenset(_named(FEATURES, text)) - refused,
        unwanted=frozenset(refused),
        abstract=any(_place(word, text) is not None for word in ABSTRACT),
        bloom=any(_place(word, text) is not None for word in BLOOM),
    )


def normalised(prompt: str) -> str:
    """The prompt without case and superfluous space, which change no picture."""
    return " ".join(prompt.casefold().split())


def _named(vocabulary: Mapping[str, tuple[str, ...]], text: str) -> list[str]:
    """The vocabulary's names that the text mentions, in the text's order."""
    places = {
        name: [p for word in words if (p := _place(word, text)) is not None] for name, words in vocabulary.items()
    }
    return sorted((name for name, found in places.items() if found), key=lambda name: min(places[name]))


def _place(word: str, text: str) -> int | None:
    """Where the text holds the word, in singular or plural."""
    found = re.search(rf"\b{re.escape(word)}(?:s|es)?\b", text)
    return found.start() if found else None
