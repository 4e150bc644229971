"""Which words speak for which subject: the data that the topic classifier decides by.

A strong term names the subject itself; a mild one occurs in other subjects as well. Terms match as
whole words in any inflection. Edit the lists, and raise the classifier's version with them.
"""

from typing import Final, NamedTuple

from contracts.content.topic import Topic


class Subject(NamedTuple):
    """The terms of one subject, one a line or separated by commas."""

    topic: Topic
    strong: str
    mild: str


STRONG_WEIGHT: Final = 3
MILD_WEIGHT: Final = 1

SENSITIVE: Final = frozenset({Topic.HEALTH, Topic.FINANCE, Topic.LEGAL, Topic.SAFETY})
"""Subjects in which a wrong text can harm somebody."""

SUBJECTS: Final = (
    Subject(
        Topic.HEALTH,
        strong="disease, illness, symptom, diagnosis, medication, medicine, drug, dosage, dose,"
        " vaccine, vaccination, cancer, diabetes, asthma, allergy, pregnancy, blood pressure,"
        " mental health, depression, therapy, surgery, side effect, patient, first aid,"
        " antibiotic, painkiller, infection",
        mild="health, healthy, doctor, hospital, diet, nutrition, vitamin, calorie, sleep,"
        " exercise, wellbeing, treatment, immune system",
    ),
    Subject(
        Topic.FINANCE,
        strong="invest, investment, investor, mortgage, loan, pension, stock market, shares,"
        " cryptocurrency, bitcoin, interest rate, credit score, insurance policy, retirement fund,"
        " tax return, bankruptcy, debt",
        mild="money, budget, savings, bank, finance, financial, tax, income, price, insurance",
    ),
    Subject(
        Topic.LEGAL,
        strong="lawsuit, legal advice, court, attorney, lawyer, liability, custody, divorce,"
        " inheritance, immigration, visa, criminal, tenancy law, labour law, copyright law,"
        " data protection law",
        mild="law, legal, contract, rights, regulation, licence, license, copyright, compliance",
    ),
    Subject(
        Topic.SAFETY,
        strong="electric shock, high voltage, gas leak, carbon monoxide, asbestos, explosive,"
        " weapon, firearm, poison, poisonous, toxic, evacuation, emergency, fire safety, chainsaw,"
        " life jacket, radiation, suicide, self-harm",
        mild="safety, danger, dangerous, hazard, risk, accident, injury, protective, warning",
    ),
    Subject(
        Topic.TECHNOLOGY,
        strong="software, computer, programming, algorithm, database, server, network, smartphone,"
        " artificial intelligence, machine learning, encryption, operating system, robot, api",
        mild="app, internet, digital, data, device, website, code, cloud, online, battery",
    ),
    Subject(
        Topic.HOME,
        strong="compost, composting, household, kitchen, cooking, recipe, furniture, cleaning,"
        " laundry, renovation, gardening, balcony, bin, worm bin, houseplant",
        mild="home, house, garden, room, tool, waste, scraps, heating, paint, kitchen scraps",
    ),
    Subject(
        Topic.NATURE,
        strong="forest, wildlife, species, ecosystem, ocean, climate, biodiversity, bird, insect,"
        " mammal, river, habitat, pollination, geology, volcano",
        mild="nature, animal, plant, tree, soil, weather, water, season, leaf, worm",
    ),
)
"""In the order that settles ties: subjects in which a wrong text does most harm come first."""
