"""Work in the background: done once, kept within bounds, failures tried again."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from console.asking.background import Background, wait


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_question_is_worked_on_once() -> None:
    background, worked = Background(), []
    first = background.ask("a", lambda: worked.append("a") or "answer")
    assert (first.result(5), background.ask("a", lambda: "another").result(5)) == ("answer", "answer")
    assert background.answer("a", lambda: "another") == "answer"
    assert worked == ["a"]


def test_an_answer_worked_out_at_once_is_kept_for_who_asks_later() -> None:
    background, threads = Background(), []
    assert background.answer("a", lambda: threads.append(threading.current_thread()) or 1) == 1
    assert background.ask("a", lambda: 2).result(5) == 1
    assert threads == [threading.current_thread()]


@pytest.mark.parametrize("way", ["ask", "answer"])
def test_the_least_recently_asked_answers_go_first_whichever_way_they_were_asked(way: str) -> None:
    background = Background(capacity=2)

    def get(key: str, value: int) -> int:
        answer = getattr(background, way)(key, lambda: value)
        return answer.result(5) if isinstance(answer, Future) else answer

    assert [get("a", 1), get("b", 1), get("a", 2), get("c", 1)] == [1, 1, 1, 1]  # b is the oldest now
    assert [get("a", 2), get("b", 2)] == [1, 2]
    assert len(background._works) == 2


def test_work_that_is_forgotten_before_its_turn_is_not_begun() -> None:
    background, gate, begun = Background(capacity=2), threading.Event(), []
    background.ask("gate", gate.wait)
    waiting = background.ask("a", lambda: begun.append("a"))
    background.ask("b", lambda: None)
    last = background.ask("c", lambda: None)
    gate.set()
    last.result(5)
    assert waiting.cancelled()
    assert begun == []


def test_a_failure_is_the_answer_for_some_seconds_and_then_tried_again() -> None:
    clock = Clock()
    background = Background(clock=clock)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        background.ask("a", fail).result(5)
    clock.now = 9.9
    with pytest.raises(ValueError, match="no"):
        background.ask("a", lambda: 1).result(5)
    clock.now = 10.0
    assert background.ask("a", lambda: 1).result(5) == 1


def test_a_failure_worked_out_at_once_is_raised_and_not_kept() -> None:
    background = Background()
    with pytest.raises(ZeroDivisionError):
        background.answer("a", lambda: 1 // 0)
    assert background.answer("a", lambda: 1) == 1


def test_what_is_forgotten_is_worked_out_again() -> None:
    background = Background()
    background.answer("a", lambda: 1)
    background.forget()
    assert background.answer("a", lambda: 2) == 2


def test_waiting_a_moment_gives_nothing_where_the_work_goes_on() -> None:
    background, gate = Background(), threading.Event()
    asked = background.ask("a", gate.wait)
    assert wait(asked, 0.01) is None
    gate.set()
    assert wait(asked, None) is True
