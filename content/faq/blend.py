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

BIAS = -8.45
WEIGHTS: dict[str, float] = {
    "explained": 1.42,
    "clause": 1.80,
    "covered": 3.00,
    "asked": 2.47,
    "alike": 2.47,
    "letters": 3.66,
    "amount": 2.38,
    "concepts": -1.45,
    "told": 3.13,
    "tellings": 3.26,
    "strange": -0.08,
    "strangest": -0.40,
    "outside": -1.96,
    "elsewhere": -0.40,
    "unmet": 0.75,
    "unmet_brief": -2.05,
    "lacking": -0.24,
    "apart": -0.91,
    "wants": 0.48,
    "answer": 1.14,
    "brief": -2.50,
    "long": 1.85,
    "long_amount": 0.80,
    "long_told": 1.11,
    "sharp": 2.00,
    "both": 0.60,
    "within": 1.26,
    "same": 1.38,
}
SURE = 0.70


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
