from __future__ import annotations

import pytest

from emocam.live.rates import Numbers, Rate


def test_growth_of_a_count_a_second():
    rate = Rate()
    assert rate.per_second(0.0) == 0
    for number in range(100):
        rate.mark(number / 20, number)
    assert rate.per_second(4.95) == pytest.approx(20)
    assert rate.per_second(8.0) == 0  # it has stopped


def test_the_line_tells_rates_and_age_and_changes_twice_a_second():
    numbers = Numbers()
    numbers.update(0.0, is_seen=True)
    assert numbers.text == "camera 0/s, 0 drawn, 0 read"
    for count in range(31):
        numbers.camera.mark(count / 30, count)
        numbers.read.mark(count / 30, count // 3)
    numbers.analysed_s = 0.95
    numbers.update(0.4, is_seen=False)
    assert numbers.text == "camera 0/s, 0 drawn, 0 read"
    numbers.update(1.0, is_seen=False)
    assert numbers.text == "camera 30/s, 10 read, 50 ms old"
