"""The forms in which Tesla's cloud answers a command."""

import math
from typing import Any

import pytest

from custom_components.flotte.tesla.api.confirmation import Confirmation, read_confirmation


@pytest.mark.parametrize(
    "answer",
    [
        {"Message": "Updated", "Code": 200},
        {"MESSAGE": "Updated", "CODE": 204},
        {"code": 201, "message": "Updated"},
        {"code": "201", "message": "Updated"},
        {"code": " 200 ", "message": "Updated"},
        {"code": 299.0, "message": "Updated"},
        {"response": {"code": 201, "message": "Updated"}},
        {"Response": {"Code": "200", "Message": "Updated"}},
        {"result": True, "reason": "Updated"},
        {"Result": True, "Reason": "Updated"},
        {"result": "true", "reason": "Updated"},
        {"response": {"result": True, "reason": "Updated"}},
        {"result": True, "code": 200, "message": "Updated"},
        {"message": "Updated", "response": {"code": 200, "message": "Updated"}},
    ],
)
def test_success(answer: dict[str, Any]) -> None:
    assert read_confirmation(answer) == Confirmation(done=True, words="Updated")


@pytest.mark.parametrize(
    "answer",
    [
        {"Message": "No battery", "Code": 400},
        {"code": 404, "message": "No battery"},
        {"code": "422", "message": "No battery"},
        {"code": 499, "error": "No battery"},
        {"response": {"code": 403, "message": " No battery "}},
        {"result": False, "reason": "No battery"},
        {"Result": "False", "Reason": "No battery"},
        {"result": True, "code": 400, "message": "No battery"},
        {"result": False, "code": 200, "message": "No battery"},
    ],
)
def test_refusal(answer: dict[str, Any]) -> None:
    assert read_confirmation(answer) == Confirmation(done=False, words="No battery")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        "",
        "Updated",
        200,
        True,
        {"response": None},
        {"response": {"response": {"code": 200}}},
        {"message": ""},
        {"code": None},
        {"code": ""},
        {"code": "fine"},
        {"code": True},
        {"code": [200]},
        {"code": 0},
        {"code": -200},
        {"code": 199},
        {"code": 300},
        {"code": 500},
        {"code": "503"},
        {"code": 10**400},
        {"code": "9" * 5000},
        {"code": math.inf},
        {"code": math.nan},
        {"result": None},
        {"result": 1},
        {"result": "perhaps"},
        {"result": True, "code": 500},
    ],
)
def test_answer_without_a_result(answer: object) -> None:
    assert read_confirmation(answer) == Confirmation(done=None)


def test_words_are_shortened() -> None:
    assert read_confirmation({"code": 400, "message": "x" * 1000}).words == "x" * 200


def test_words_are_cut_after_vins_are_shortened() -> None:
    """Half a VIN would not be recognised any more."""
    answer = {"code": 400, "message": f"{'x' * 185} 5YJ3E1EA7JF000001"}
    assert read_confirmation(answer).words == f"{'x' * 185} …000001"
