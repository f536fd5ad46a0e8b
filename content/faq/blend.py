"""From evidence to a score, and the rule of abstention.

The score is how likely the entry is a right answer, by a logistic blend of the evidence about this question and this
entry alone: what else the index holds does not move it. `python -m tests.content.fit_faq` learns the weights from one
half of the development questions (by hash of the text); `SURE` is chosen on that half, and the other half reports.

The rule of abstention, in plain words: we answer without asking back only if the best entry is likely right *against
everything else that might be*: against the entries that come near it, and against there being no answer at all. Two
entries that fit equally well halve each other's chance, and a question that no entry explains leaves most of it to
"none". Then the three nearest are offered, and a person is one tap away: a wrong answer costs a villager a journey, a
question back costs one tap.
"""

from math import exp

from content.faq.evidence import Evidence

BIAS = -7.39
WEIGHTS: dict[str, float] = {
    "explained": 1.33,
    "clause": 1.31,
    "covered": 2.48,
    "asked": 2.49,
    "alike": 2.26,
    "letters": 2.67,
    "amount": 1.62,
    "concepts": -0.73,
    "told": 2.71,
    "tellings": 2.72,
    "strange": -0.04,
    "strangest": -0.33,
    "outside": -1.63,
    "elsewhere": -0.39,
    "unmet": 0.38,
    "unmet_brief": -1.73,
    "lacking": -0.30,
    "apart": -0.76,
    "wants": 0.33,
    "answer": 1.05,
    "brief": -1.73,
    "long": 1.49,
    "long_amount": 0.34,
    "long_told": 1.43,
    "sharp": 1.61,
    "both": 0.88,
    "within": 1.22,
    "same": 1.50,
}
SURE = 0.73


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
