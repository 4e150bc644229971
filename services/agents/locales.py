"""Languages that texts can be translated into: how they write numbers and dates, their small words.

Number formats and names of months are those of the Unicode Common Locale Data Repository (CLDR). A
language is here when its words are cut at spaces, its number format is known, and its most frequent
words tell it from the others; the checks of translations know no more of it than this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NARROW: Final = "\u202f"
_FIXED: Final = "\u00a0"


@dataclass(frozen=True)
class NumberFormat:
    """How a locale writes `1234.5`."""

    decimal: str
    group: str
    """What it puts between thousands."""


@dataclass(frozen=True)
class Language:
    """What the checks know of one language."""

    name: str
    numbers: NumberFormat
    months: tuple[str, ...]
    """January to December, as they stand in a date."""

    common: frozenset[str]
    """Frequent words that carry grammar, and those that other languages' grammar looks like."""

    ending: str
    """What the sample translation hangs on words; it looks like the language and means nothing."""

    capitalises_nouns: bool = False


def language_code(locale: str) -> str:
    """Take the region off a locale."""
    return locale.partition("-")[0]


def is_known(locale: str) -> bool:
    """Whether texts can be translated into a locale and checked."""
    return language_code(locale) in LANGUAGES


def language_of(locale: str) -> Language:
    """Find the language of a locale that is known."""
    return LANGUAGES[language_code(locale)]


def number_format(locale: str) -> NumberFormat:
    """Find how a known locale writes numbers; its region may differ from its language."""
    return _REGIONAL.get(locale) or language_of(locale).numbers


def named(locale: str) -> str:
    """Name a locale as a person does: `German (AT)`."""
    _, _, region = locale.partition("-")
    return f"{language_of(locale).name} ({region})" if region else language_of(locale).name


def telling_words(code: str) -> frozenset[str]:
    """Words of three letters or more that are frequent in this language and in no other here."""
    others = frozenset().union(*(each.common for key, each in LANGUAGES.items() if key != code))
    return frozenset(word for word in LANGUAGES[code].common - others if len(word) > _SHORT)


_SHORT: Final = 2


def _months(names: str) -> tuple[str, ...]:
    return tuple(names.split())


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES: Final[Mapping[str, Language]] = {
    "en": Language(
        "English",
        NumberFormat(".", ","),
        _months(
            "January February March April May June July August September October November December"
        ),
        _words(
            "the of and to in is that it was for on are as with his they at be this have from or"
            " had by but not what all were we when your can said there use each which she how"
            " their if will other about out many then them these so some her would make like him"
            " into has more than been who its now may did after before because should through says"
            " an a he you do our only also over such no most could where between during while"
        ),
        "ing",
    ),
    "de": Language(
        "German",
        NumberFormat(",", "."),
        _months(
            "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
        ),
        _words(
            "der die das und in zu den ist sich von mit dem für nicht ein eine als auch es an"
            " werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen"
            " so zum war haben nur oder aber vor zur bis mehr durch man sein wurde wenn kann will"
            " also diese dieser wir ihre sehr zwischen sollte weil hier unter während was im all"
            " her"
        ),
        "en",
        capitalises_nouns=True,
    ),
    "fr": Language(
        "French",
        NumberFormat(",", _NARROW),
        _months(
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
        ),
        _words(
            "le la les de des du un une et à est en que qui dans pour pas sur au ce il elle ne se"
            " par plus avec sont son ses aux mais ou nous vous leur cette ces comme tout être fait"
            " ont aussi même sans peut entre après avant chaque très elles ils où on a était d l"
            " qu but"
        ),
        "ement",
    ),
    "es": Language(
        "Spanish",
        NumberFormat(",", "."),
        _months(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
            " diciembre"
        ),
        _words(
            "el la los las de del un una y a en que es se por con para no su sus al lo como más"
            " pero o este esta estos ha son está ser entre cuando muy sin sobre también hasta hay"
            " donde desde todo nos durante has porque cada puede tiene según antes después me si"
            " use"
        ),
        "ción",
    ),
    "it": Language(
        "Italian",
        NumberFormat(",", "."),
        _months(
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
            " dicembre"
        ),
        _words(
            "il lo la i gli le di del della dei delle a al alla da dal dalla in nel nella con su"
            " per tra un uno una e è che non si sono come più ma o anche questo questa essere ha"
            " hanno quando molto ogni dopo prima perché suo loro può deve cui sul sulla ed no me"
            " se fra"
        ),
        "zione",
    ),
    "nl": Language(
        "Dutch",
        NumberFormat(",", "."),
        _months(
            "januari februari maart april mei juni juli augustus september oktober november"
            " december"
        ),
        _words(
            "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij"
            " of uit nog naar worden door over ze hij wordt deze dit die kan geen meer al werd tot"
            " was heeft hebben moet wel onder na tussen omdat elke hun onze we so had been"
        ),
        "heid",
    ),
    "pt": Language(
        "Portuguese",
        NumberFormat(",", "."),
        _months(
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
            " dezembro"
        ),
        _words(
            "o a os as de do da dos das um uma e é em no na nos nas que se por com para não mais"
            " ao como mas ou seu sua seus são foi ser entre quando muito sem sobre também até há"
            " onde desde pelo pela cada pode tem depois antes ele ela isso este esta está num numa"
            " me use"
        ),
        "mento",
    ),
    "pl": Language(
        "Polish",
        NumberFormat(",", _FIXED),
        _months(
            "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października"
            " listopada grudnia"
        ),
        _words(
            "i w na z do się nie że jest to o jak za po od przez ale dla lub oraz są czy co ten"
            " ta te tego tej tym być może ma tylko który która które przy pod bez już gdy także"
            " jego jej ich między każdy przed bardzo był było a by ze we most"
        ),
        "ość",
    ),
    "sv": Language(
        "Swedish",
        NumberFormat(",", _FIXED),
        _months(
            "januari februari mars april maj juni juli augusti september oktober november december"
        ),
        _words(
            "och i att det som en på är av för med till den har de inte om ett han men var sig"
            " från vi så kan när eller ska också efter vid hon mer över under mycket utan genom"
            " mellan varje bara andra alla detta dessa blir där man sin bör än and"
        ),
        "het",
    ),
    "da": Language(
        "Danish",
        NumberFormat(",", "."),
        _months(
            "januar februar marts april maj juni juli august september oktober november december"
        ),
        _words(
            "og i at det som en på er af for med til den har de ikke om et han men var sig fra vi"
            " så kan når eller skal også efter ved hun mere over under meget uden gennem mellem"
            " hver kun andre alle dette disse bliver der man sin bør end have and blev"
        ),
        "else",
    ),
    "fi": Language(
        "Finnish",
        NumberFormat(",", _FIXED),
        _months(
            "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta"
            " syyskuuta lokakuuta marraskuuta joulukuuta"
        ),
        _words(
            "ja on ei se että hän oli ovat joka kun myös mutta tai niin kuin sen ne ole voi jos"
            " jo sekä vain ennen jälkeen mukaan kanssa tämä tämän nämä siitä noin vielä olla hyvin"
            " kaikki joita jotka jossa ilman välillä aina"
        ),
        "isuus",
    ),
    "cs": Language(
        "Czech",
        NumberFormat(",", _FIXED),
        _months(
            "ledna února března dubna května června července srpna září října listopadu prosince"
        ),
        _words(
            "a v na se je že to s z do i o ve pro za k od jako po by ale nebo jsou být jeho která"
            " které který při už jen také byl bylo aby před mezi každý než může má pod bez až tak"
            " jejich velmi podle když tento tato než jsem most had"
        ),
        "ost",
    ),
}

_REGIONAL: Final[Mapping[str, NumberFormat]] = {
    "de-AT": NumberFormat(",", _FIXED),
    "de-CH": NumberFormat(".", "\u2019"),
    "de-LI": NumberFormat(".", "\u2019"),
    "it-CH": NumberFormat(".", "\u2019"),
    "fr-CA": NumberFormat(",", _FIXED),
    "es-MX": NumberFormat(".", ","),
    "es-US": NumberFormat(".", ","),
    "pt-PT": NumberFormat(",", _FIXED),
    "en-ZA": NumberFormat(",", _FIXED),
}
