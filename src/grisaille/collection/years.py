"""Parses dates to years, as catalogues write them in English, German and French.

Dates are read word by word. If any word beside a number is unknown, the date gives no years, since the number may be an
inventory number.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

Years: TypeAlias = tuple[int | None, int | None]

# Longer texts are not dates.
_LONGEST = 120
_FIRST, _LAST = 1000, 2100
_LAST_CENTURY = 21
_UNKNOWN: Years = (None, None)

_DASHES = re.compile("[\u2010-\u2015\u2212]")
# "mid-16th" is not a range.
_HYPHENATED = re.compile(r"\b(early|mid|late|pre|post)-")
_NUMBER = re.compile(r"(-?)(\d{1,4})(?:\.0+)?")

_MONTHS = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f[ée]vr(?:ier)?|m[aä]r(?:ch|z|s)?|apr(?:ile?)?|avr(?:il)?|ma[yi]|"
    r"ju[nl][eyi]?|juin|juillet|aug(?:ust)?|août|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|"
    r"d[eé][cz](?:ember|embre)?|gennaio|febbraio|marzo|maggio|giugno|luglio|agosto|settembre|ottobre|dicembre)\b\.?"
)
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
_ORDINAL = r"(?:st|nd|rd|th|\.|er?|è?me|º|°|o)"
_CENTURY = r"(?:century|centuries|secolo|sec\.?|eeuw|cent\b|c\b|jahrhunderts?|jh(?:s|dt)?\b|siècles?|siecles?|s\b)"
_NTH = {
    1: ("1st", "first", "1.", "erste[nrs]?", "1[eè]?re?", "première?", "premier", "prim[ao]", "primera?", "1[ªº°]"),
    2: (
        "2nd",
        "second",
        "2.",
        "zweite[nrs]?",
        "2[eè]?(?:me)?",
        "seconde",
        "deuxième",
        "second[ao]",
        "segund[ao]",
        "2[ªº°]",
    ),
    3: ("3rd", "third", "3.", "dritte[nrs]?", "3[eè]?(?:me)?", "troisième", "terz[ao]", "tercera?", "3[ªº°]"),
    4: ("4th", "fourth", "4.", "vierte[nrs]?", "4[eè]?(?:me)?", "quatrième", "quart[ao]", "cuart[ao]", "4[ªº°]"),
}
_LAST_ONE = ("last", "letzte[nrs]?", "dernière?", "[uú]ltim[ao]")
_PARTS = {
    2: ("half", "hälfte", "h(?=\\.)", "moitié", "metà", "mitad"),
    3: ("third", "drittel", "tiers", "terzo", "tercio"),
    4: ("quarter", "viertel", "quart", "quarto", "cuarto"),
    10: ("decade", "jahrzehnt", "décennie"),
}


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


# In this order; each token begins where the one before ends.
_TOKENS = re.compile(
    "|".join(
        (
            r"(?P<space>\s+|[?¿~.,;:()\[\]\"'])",
            # Only the year of a full date counts.
            rf"(?P<iso>\d{{4}})-{_MONTH}-{_DAY}(?:[t ]\d\d:\d\d[\d:.]*(?:z|[+-][\d:]+)?)?(?![\w-])",
            rf"{_DAY}[./-]{_DAY}[./-](?P<dmy>\d{{4}})(?![\w-])",
            rf"(?P<day>(?:{_DAY}(?:st|nd|rd|th|er|\.)?\s+)?{_MONTHS}(?:\s+{_DAY}(?:st|nd|rd|th)?\b,?)?)(?=\s+\d{{4}})",
            rf"(?P<month>{_MONTHS})",
            rf"(?P<century>\d{{1,2}})\s?{_ORDINAL}[\s-]?{_CENTURY}\.?",
            rf"(?P<roman>[ivx]+)\s?{_ORDINAL}?[\s-]?(?:siècles?|siecles?|secolo|sec\b\.?|s\.|century|jh\.?|jahrhunderts?)",
            r"(?:secolo|sec\.|siglo|s\.)\s?(?P<behind>[ivx]+)\b",
            *(rf"(?P<n{n}of{of}>{_any(*_NTH[n])}\s?{_any(*_PARTS[of])}\b)" for of in _PARTS for n in _NTH if n <= of),
            *(rf"(?P<last{of}>{_any(*_LAST_ONE)}\s{_any(*_PARTS[of])}\b)" for of in _PARTS),
            r"(?P<bc>b\.?\s?c\.?(?:\s?e\b\.?)?|v\.\s?chr\b\.?|av\.?\s?j\.?-?c\b\.?)(?!\w)",
            r"(?P<ad>a\.?\s?d\b\.?|c\.?\s?e\b\.?|n\.\s?chr\b\.?|ap\.?\s?j\.?-?c\b\.?)(?!\w)",
            r"(?P<decade>\d{3}0)(?:'?s|er)\b(?:\s+jahren?)?",
            r"(?:années|anni|jaren|década de|años)\s(?P<years>\d{3}0)(?!\w)",
            rf"(?P<ordinal>\d{{1,2}}){_ORDINAL}(?=[\s/-])",
            r"(?P<ordinal_roman>[ivx]+)(?:e\b|(?=\s?[-/]\s?[ivx]))",
            r"(?P<later>(?:or|and|oder|und|ou|et)\s(?:shortly\s|soon\s)?(?:later|after|später|danach|après)\b)",
            r"(?P<earlier>(?:or|and|oder|und|ou|et)\s(?:shortly\s)?(?:earlier|before|früher|davor|avant)\b)",
            r"(?P<not_after>(?:not?|nicht)\s(?:later|after|später|nach)\b(?:\s(?:than|als)\b)?)",
            r"(?P<not_before>(?:not?|nicht)\s(?:earlier|before|früher|vor)\b(?:\s(?:than|als)\b)?)",
            r"(?P<year>\d{1,4})(?:\.0+)?(?!\w|[.,]\d)",
            r"(?P<word>[^\W\d_]+)\.?",
            r"(?P<to>[-/&])",
            r"(?P<before><)",
            r"(?P<after>>)",
        )
    )
)

_WORDS = {
    word: kind
    for kind, words in {
        "circa": "c ca circa um vers about around approx approximately environ env etwa gegen h hacia verso rond",
        "to": "to or and through bis oder und u ou et à e o al y en",
        "before": "before ante pre vor avant prima antes voor",
        "until": "until till by jusque",
        "after": "after post nach après apres dopo después na",
        "from": "from since ab seit von depuis de dal",
        "early": "early beginning anfang frühe frühes frühen début inizio inizi begin principios comienzos",
        "mid": "mid middle mitte milieu metà midden mediados",
        "late": "late end ende späte spätes späten fin fine einde finales fines",
        "space": (
            "probably possibly perhaps presumably likely prob wohl vermutlich wahrscheinlich dated datiert daté signed "
            "signiert painted gemalt peint drawn reworked retouched "
            "made created executed begun started completed finished in the of year years "
            "jahr jahre jahren des du der d dem le l la im between zwischen zw entre années bez dat sign tra fra il "
            "del a datato firmato spring summer autumn fall winter frühling sommer herbst printemps été automne hiver"
        ),
    }.items()
    for word in words.split()
}
_THIRDS = {"early": (0.0, 1 / 3), "mid": (1 / 3, 2 / 3), "late": (2 / 3, 1.0)}
# "or later" after a date has the effect of "from" before it.
_OPEN = {"later": "from", "earlier": "until"}
_ROMAN = {"i": 1, "v": 5, "x": 10}


@dataclass(frozen=True)
class _Token:
    """A word of a date.

    Attributes:
        kind: "year", "century", "ordinal" (a century without the word), "decade", "part", or a kind of `_WORDS`.
        text: As written.
        number: The year, the century or the ordinal; of a decade, its first year.
        part: Start and end of a part of a century, 0 to 1.
    """

    kind: str
    text: str
    number: int = 0
    part: tuple[float, float] = (0.0, 1.0)


def parse_years(text: str) -> Years:
    """The first and the last year that a date may mean.

    Centuries follow museum usage: the 16th begins in 1500 and ends in 1599. Early, mid and late are its thirds. Years
    BC are negative; there is no year 0. "circa" does not widen the range.

    Args:
        text: Such as "c. 1503", "1480-85", "late 19th century", "before 1500" or "16. Jahrhundert".

    Returns:
        First and last year. The first is None for "before", the last is None for "after", and both are None if the text
        cannot be parsed.
    """
    tidy = _DASHES.sub("-", unicodedata.normalize("NFC", text).casefold().replace("\u2019", "'")).strip()
    if len(tidy) > _LONGEST:
        return _UNKNOWN
    tidy = _HYPHENATED.sub(r"\1 ", tidy)
    if number := _NUMBER.fullmatch(tidy):
        year = int(number[1] + number[2])
        return (year, year) if year < 0 or _FIRST <= year <= _LAST else _UNKNOWN
    whole = _span(_tokens(tidy))
    if whole is not None:
        return whole
    parts = [part for part in re.split(r"[,;()\[\]]", tidy) if re.search(r"\d|\b[ivx]+e?\b", part)]
    return _together([_span(_tokens(part)) for part in parts])


def _together(spans: Sequence[Years | None]) -> Years:
    """The span of several dates, all of which must be parsed."""
    known = [span for span in spans if span is not None]
    first = [span[0] for span in known if span[0] is not None]
    last = [span[1] for span in known if span[1] is not None]
    if len(known) < len(spans) or (first and last and min(first) > max(last)):
        return _UNKNOWN
    return min(first, default=None), max(last, default=None)


def _tokens(text: str) -> list[_Token] | None:
    """The tokens that matter; None if a word is unknown."""
    tokens, at = [], 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            return None
        at = match.end()
        token = _token(match)
        if token is None:
            return None
        if token.kind != "space":
            tokens.append(token)
    return tokens


def _token(match: re.Match[str]) -> _Token | None:
    group = match.lastgroup or ""
    text = match[group]
    if group in {"iso", "dmy"}:
        return _Token("year", text, int(text))
    if group in {"century", "ordinal", "year", "decade", "years"}:
        return _Token("decade" if group == "years" else group, text, int(text))
    if group in {"roman", "behind", "ordinal_roman"}:
        return _Token("ordinal" if group == "ordinal_roman" else "century", text, _from_roman(text))
    if part := re.fullmatch(r"n(\d)of(\d+)|last(\d+)", group):
        nth, of = (int(part[1]), int(part[2])) if part[1] else (int(part[3]), int(part[3]))
        return _Token("part", text, part=((nth - 1) / of, nth / of))
    if group == "word":
        kind = _WORDS.get(text)
        return (
            None if kind is None else _Token("part" if kind in _THIRDS else kind, text, part=_THIRDS.get(kind, (0, 1)))
        )
    return _Token("space" if group in {"day", "month"} else group, text)


def _from_roman(text: str) -> int:
    values = [_ROMAN[letter] for letter in text]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def _span(tokens: list[_Token] | None) -> Years | None:
    """The years of one date: a single moment, a range, or an open range before or after a moment."""
    if not tokens:
        return None
    circa = any(token.kind == "circa" for token in tokens)
    tokens = [token for token in tokens if token.kind != "circa"]
    if tokens and (opening := _OPEN.get(tokens[-1].kind)):
        tokens = [_Token(opening, ""), *tokens[:-1]]
    groups = _groups(tokens)
    if len(groups) == 1:
        return _one(groups[0], circa)
    if len(groups) == 2:
        return _two(groups[0], groups[1], circa)
    return None


def _groups(tokens: Iterable[_Token]) -> list[list[_Token]]:
    """Groups of tokens between range words such as "to"."""
    groups: list[list[_Token]] = [[]]
    for token in tokens:
        if token.kind == "to" or (token.kind == "until" and groups[-1]):
            groups.append([])
        else:
            groups[-1].append(token)
    return [group for group in groups if group]


def _one(group: list[_Token], circa: bool) -> Years | None:
    opening = group[0].kind
    if opening in {"before", "until", "not_after"}:
        moment = _moment(group[1:], circa=True)
        return moment and (None, moment[0 if opening == "before" else 1])
    if opening in {"after", "from", "not_before"}:
        moment = _moment(group[1:], circa=True)
        return moment and (moment[1 if opening == "after" else 0], None)
    return _moment(group, circa)


def _two(one: list[_Token], other: list[_Token], circa: bool) -> Years | None:
    if one[0].kind == "from":
        one = one[1:]
    one = _like(one, other)
    if len(other) == 1 and other[0].kind == "year" and len(other[0].text) < 3 and one and one[-1].kind == "year":
        return _abbreviated(one[-1], other[0]) if len(one) == 1 else None
    first, last = _moment(one, circa), _moment(other, circa)
    if first is None or last is None or first[0] > last[1]:
        return None
    return first[0], last[1]


def _like(one: list[_Token], other: list[_Token]) -> list[_Token]:
    """The first moment, completed by the second: "15th-16th century", "500-450 BC"."""
    if any(token.kind == "century" for token in other):
        one = [replace(token, kind="century") if token.kind == "ordinal" else token for token in one]
    eras = [token for token in other if token.kind == "bc"]
    return one if any(token.kind in {"bc", "ad"} for token in one) else [*one, *eras]


def _abbreviated(year: _Token, end: _Token) -> Years | None:
    """Years such as 1480-85; but in 1889-06, 06 is a month."""
    power = 10 ** len(end.text)
    last = year.number - year.number % power + end.number
    if not _FIRST <= year.number <= _LAST:
        return None
    if last > year.number:
        return year.number, last
    return (year.number, year.number) if len(end.text) == 2 and 1 <= end.number <= 12 else None


def _moment(group: list[_Token], circa: bool) -> tuple[int, int] | None:
    """The years of a year, a decade, a century, or a part of one."""
    eras = [token.kind for token in group if token.kind in {"bc", "ad"}]
    parts = [token.part for token in group if token.kind == "part"]
    rest = [token for token in group if token.kind not in {"bc", "ad", "part"}]
    if len(rest) != 1 or len(eras) > 1 or len(parts) > 1:
        return None
    years = _of_token(rest[0], eras[0] if eras else "", circa)
    if years is None or not parts or rest[0].kind == "year":
        return years
    count = years[1] - years[0] + 1
    start, stop = (years[0] + round(count * share) for share in parts[0])
    return start, stop - 1


def _of_token(token: _Token, era: str, circa: bool) -> tuple[int, int] | None:
    number = token.number
    if token.kind == "year":
        fewest = 1 if era else 100 if circa else _FIRST
        first, last = (number, number) if fewest <= number <= _LAST else (0, 0)
    elif token.kind == "decade":
        # The 1500s are a century, the 1890s a decade.
        first, last = number, number + (99 if number % 100 == 0 else 9)
    elif token.kind == "century" and 1 <= number <= _LAST_CENTURY:
        first, last = max(100 * (number - 1), 1), 100 * number - 1
        if era == "bc":
            first, last = 100 * (number - 1) + 1, 100 * number
    else:
        return None
    if not last:
        return None
    return (-last, -first) if era == "bc" else (first, last)
