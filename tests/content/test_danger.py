"""Danger: a cry is heard with marks, without, mistyped; talk about danger is told apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.danger import Danger, danger, danger_level

CERTAIN = [
    "cháy nhà rồi", "chay nha ba con oi", "Cháy", "rung chay to lam", "sạt lở ở bản A, vùi hai nhà",
    "sat lo dat", "lở đất", "Cứu với, nước sông lên ngập tới mái, nhà có hai cụ già", "cuu voi", "cuu toi",
    "Nước cuốn, ba mẹ con đang bám trên cây", "lu cuon mat nguoi", "có đứa nhỏ đuối nước", "te xuong gieng",
    "mac ket trong nha", "tai nan o cau treo", "con toi co giat", "con toi bi dien giat",
    "dây điện đứt giữa đường", "vợ tôi chuyển dạ", "cap cuu", "bi cuop dien thoai", "danh nhau o cho",
    "nó cầm dao đòi giết", "thầy giáo xâm hại trẻ em", "bé bị bạo hành", "ba no danh con", "chồng đánh tôi",
    "nhà tôi bị ngập rồi", "nuoc vao nha roi", "nha toi ngap roi",
    "em muốn chết", "no uong thuoc sau", "CHÁY NHÀ!!!", "chays nhaf", "sap nha roi", "cứu vơi", "SOS",
    "xin hỗ trợ, cứu người với, bị kẹt trên mái", "con tôi bị lạc ở chợ", "ba cu nha toi ba di lac roi",
    "có người bị ngất", "có ông kia sờ mó con tôi",
]  # fmt: skip
POSSIBLE = [
    "giấy báo tử tai nạn", "xin trợ cấp sau cháy nhà năm ngoái", "thủ tục bồi thường tai nạn lao động",
    "dấu hiệu lũ quét", "tai nạn giao thông phạt bao nhiêu", "nghe nói có lũ quét có thật không",
    "đám cháy đã dập", "chay", "cuop",
]  # fmt: skip
NONE = [
    "", "   ", "😀", "chuyện cháy hàng", "bảo hiểm tai nạn mua ở đâu", "bán chạy lắm",
    "xe dang chay tren duong", "nuoc chay yeu qua", "chạy nhà", "lo dat", "bán đất lô đất", "vui nha vui cua",
    "buồn chán", "sắp nhà", "mất điện", "heo chết", "làm giấy khai sinh", "số điện thoại cấp cứu",
    "may chay roi", "xe chay cho nhanh", "cháy túi rồi", "tập huấn phòng cháy chữa cháy", "lúa cháy lá",
    "kẹt tiền", "đường hỏng", "Nguyễn Văn Cứu", "con trâu nhà tôi bị lạc", "lạc giá bao nhiêu", "so mo",
]  # fmt: skip


@pytest.mark.parametrize("text", CERTAIN)
def test_a_cry_is_heard(text: str) -> None:
    assert danger_level(text) is Danger.CERTAIN
    assert danger(text)


@pytest.mark.parametrize("text", POSSIBLE)
def test_talk_about_danger_is_less_than_certain(text: str) -> None:
    assert danger_level(text) is Danger.POSSIBLE
    assert not danger(text)


@pytest.mark.parametrize("text", NONE)
def test_everyday_words_are_no_alarm(text: str) -> None:
    assert danger_level(text) is Danger.NONE


def test_a_cry_outweighs_talk_of_papers() -> None:
    assert danger("giấy tờ trôi hết, cứu tôi với")


def test_a_whole_document_pasted_is_read_in_time() -> None:
    assert danger_level("thủ tục hành chính " * 20_000) is Danger.NONE


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_level(text: str) -> None:
    assert danger_level(text) in Danger
