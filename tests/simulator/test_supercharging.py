"""Sessions at Superchargers: billing, pages, rights, and the forms of Tesla's answer."""

from datetime import UTC, datetime

import pytest

from simulator import Simulator
from tests.simulator.visitor import Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
HISTORY = "/api/1/dx/charging/history"
MARCH = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


async def test_a_session_is_listed_an_hour_after_its_end(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    car = simulator.world.cars[COMET]
    car.steer({"plugged_in": "dc"})
    simulator.clock.advance(1200)
    simulator.world.advance()
    car.steer({"plugged_in": False})
    assert (await visitor.get(HISTORY, token=token)).response["data"] == []
    simulator.clock.advance(3700)
    (row,) = (await visitor.get(HISTORY, token=token)).response["data"]
    assert row["vin"] == COMET
    (energy, parking) = row["fees"]
    assert 5 < energy["usageBase"] < 60
    assert energy["totalDue"] == pytest.approx(0.45 * energy["usageBase"], abs=0.01)
    assert (parking["feeType"], parking["totalDue"]) == ("PARKING", 0)
    path = f"/api/1/dx/charging/invoice/{row['invoices'][0]['contentId']}"
    headers = {"Authorization": f"Bearer {token}"}
    async with visitor.session.get(simulator.eu_url + path, headers=headers) as invoice:
        assert invoice.content_type == "application/pdf"
        # Not text: a client must not decode it.
        assert (await invoice.read()).startswith(b"%PDF-1.7\n% invoice-1\n%\xe2\xe3")
    assert (await visitor.get(path + "0", token=token)).status == 404


async def test_pages_and_forms(simulator: Simulator, visitor: Visitor, token: str) -> None:
    for number in range(12):
        simulator.world.supercharging.add(AURORA, MARCH + 3600 * number, 600)
    first = (await visitor.get(HISTORY, token=token)).response
    assert [len(first["data"]), first["totalResults"]] == [10, 12]
    assert first["data"][0]["sessionId"] == 900_012
    second = (await visitor.get(HISTORY + "?pageNo=2", token=token)).response
    assert [each["sessionId"] for each in second["data"]] == [900_002, 900_001]
    short = await visitor.get(HISTORY + "?startTime=2026-03-01T11:00:00Z", token=token)
    assert [each["sessionId"] for each in short.response["data"]] == [900_012]
    simulator.world.supercharging.form = "bare"
    assert len((await visitor.get(HISTORY, token=token)).json["data"]) == 10
    simulator.world.supercharging.form = "without_total"
    assert "totalResults" not in (await visitor.get(HISTORY, token=token)).response
    for wrong in ("pageNo=0", "startTime=soon", "endTime=2026-03-01T00:00:00", "sortOrder=UP"):
        assert (await visitor.get(f"{HISTORY}?{wrong}", token=token)).status == 400


async def test_only_owners_see_what_they_pay(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    simulator.world.supercharging.add(AURORA, MARCH, 600)
    simulator.world.cars[AURORA].drivers.add("owner-2")
    driver = str(simulator.login("owner-2")["access_token"])
    for path in (HISTORY, f"{HISTORY}?vin={AURORA}"):
        assert (await visitor.get(path, token=driver)).response["data"] == []
    assert (await visitor.get(f"{HISTORY}?vin={COMET}", token=driver)).status == 404
    assert (await visitor.get("/api/1/dx/charging/invoice/invoice-1", token=driver)).status == 404
    assert (await visitor.get("/api/1/dx/charging/sessions", token=token)).status == 403
    simulator.faults.order("status", endpoint="charging_history", status=503)
    assert (await visitor.get(HISTORY, token=token)).status == 503
