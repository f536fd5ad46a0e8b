"""What words speak of: pieces of sentences tell of concepts that the question names by no phrase."""

import pytest

from content.faq.asked import make_asked
from content.faq.phrases import Phrase, phrase
from content.faq.vocabulary import Vocabulary

EXAMPLES = {
    "qua_doi": ("ông vừa mất đêm qua", "bà mới nằm xuống", "nhà có tang"),
    "mat_roi": ("làm mất cái ví", "đánh rơi dọc đường", "tìm hoài không thấy"),
    "xo_so": ("hôm nay đánh con gì", "dò vé số chiều nay"),
}


def examples() -> list[Phrase]:
    return [phrase(text, concept, frozenset()) for concept, texts in EXAMPLES.items() for text in texts]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(examples(), {}, {"xo_so"})


def concepts(vocabulary: Vocabulary, text: str) -> list[str]:
    """The concepts that a text speaks of, most first; no word of it is light."""
    read = phrase(text, "", frozenset())
    found = vocabulary.speech(read.folded, read.marked, [False] * len(read.folded)).concepts
    return sorted(found, key=lambda concept: -found[concept])


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("ông nội nằm xuống hồi đêm", "qua_doi"),
        ("rơi cái ví dọc đường chợ", "mat_roi"),
        ("roi cai vi doc duong", "mat_roi"),
        ("chiều nay dò số", "xo_so"),
    ],
)
def test_words_that_examples_share_tell_of_their_concept(vocabulary: Vocabulary, text: str, concept: str) -> None:
    assert concepts(vocabulary, text)[0] == concept


def test_marks_tell_words_apart_and_missing_ones_are_forgiven(vocabulary: Vocabulary) -> None:
    assert concepts(vocabulary, "tảng") == []
    assert concepts(vocabulary, "tang") == ["qua_doi"]


def test_what_no_phrase_holds_weighs_and_speaks_of_nothing(vocabulary: Vocabulary) -> None:
    speech = vocabulary.speech(["xyz"], ["xyz"], [False])
    assert [(term.folded, term.weight > 0, term.speaks) for term in speech.terms] == [(" xyz ", True, {})]
    assert vocabulary.speech(["tang"], ["tang"], [True]).terms == ()


def test_what_no_commune_answers_is_foreign(vocabulary: Vocabulary) -> None:
    ours, theirs = phrase("nhà có tang", "", frozenset()), phrase("dò vé số", "", frozenset())
    assert vocabulary.speech(ours.folded, ours.marked, [False] * 3).foreign == 0
    assert vocabulary.speech(theirs.folded, theirs.marked, [False] * 3).foreign_most > 0


def test_the_order_of_the_examples_changes_nothing(vocabulary: Vocabulary) -> None:
    turned = Vocabulary(reversed(examples()), {}, {"xo_so"})
    words = phrase("bà mới mất đêm qua tìm hoài", "", frozenset())
    one, other = (each.speech(words.folded, words.marked, [False] * 7) for each in (vocabulary, turned))
    assert one.concepts == pytest.approx(other.concepts)


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ("Cháu học giỏi mà nhà khổ, có ai thưởng cho cháu không", "hoc_bong"),
        ("Mấy bữa nay không thấy xe tới hốt", "phi_rac"),
        ("xuong cho nghi het roi, lanh tien o dau", "that_nghiep"),
    ],
)
def test_a_story_tells_of_what_it_does_not_name(story: str, told: str) -> None:
    asked = make_asked(story)
    assert told in {unit.concept for unit in (*asked.units, *asked.told)}
