"""From evidence to a score, and the rule of abstention.

The score is how likely the entry is a right answer, by a logistic blend of the evidence about this question and this
entry alone: what else the index holds does not move it. `python -m tests.content.fit_faq` learns the weights from one
half of the development questions (by hash of the text), and the other half reports. Features and `SURE` were judged on
both, so what nobody has seen (tests/content/data/unseen) is the honest measure.

The rule of abstention, in plain words: we answer without asking back only if the best entry is likely right *against
everything else that might be*: against the entries that come near it, and against there being no answer at all. Two
entries that fit equally well halve each other's chance, and a question that no entry explains leaves most of it to
"none". Then the three nearest are offered, and a person is one tap away: a wrong answer costs a villager a journey, a
question back costs one tap.
"""

from math import exp

from content.faq.evidence import Evidence

BIAS = -3.39
WEIGHTS: dict[str, float] = {
    "explained": 3.12,
    "covered": 1.11,
    "asked": 2.00,
    "alike": 4.20,
    "spoken": 2.99,
    "letters": 3.62,
    "concepts": -5.77,
    "strange": -4.06,
    "in_answer": 1.81,
    "long": 11.72,
    "said": 6.90,
    "said_amount": 1.82,
    "fits": -6.77,
    "fits_all": 4.13,
    "fits_best": 1.93,
    "foreign": -10.47,
    "foreign_most": -10.62,
}
SURE = 0.82


def logit(evidence: Evidence) -> float:
    """The blend before it is squeezed between 0 and 1."""
    return BIAS + sum(weight * value for weight, value in zip(_VECTOR, evidence, strict=True))


_VECTOR = tuple(WEIGHTS[name] for name in Evidence._fields)


def squeeze(value: float) -> float:
    """A logit as a chance, 0..1."""
    return 1 / (1 + exp(-max(-40.0, min(40.0, value))))


def is_sure(logits: list[float]) -> bool:
    """Whether the first of `logits`, best first, may be answered without asking back."""
    if not logits:
        return False
    power = [exp(min(40.0, value)) for value in logits]
    return power[0] / (1 + sum(power)) >= SURE
