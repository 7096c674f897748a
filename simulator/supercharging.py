"""Sessions at Superchargers, as Tesla's cloud bills and lists them.

Sources: Tesla, "Charging endpoints" (August 2024), for the fields and the wrapper, and its sample
of 2023 for the form without one. Clients in the field count pages from 1, ask for 50 sessions, and
find the number of all results in different places or nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulator.cars import Car

type Json = dict[str, Any]

PRICE = 0.45
"""EUR for 1 kWh."""
BILLED_AFTER = 3600.0
"""Seconds from the end of a session until Tesla lists it."""
USUAL_PAGE = 10
MAX_PAGE = 50
"""Longer pages are cut to this without a word."""
FORMS = ("wrapped", "bare", "without_total")


def fee(kind: str = "CHARGING", **more: object) -> Json:
    """A fee of a session that was charged for; fields can be replaced."""
    usage = {"usageBase": 0, "usageTier1": 0, "usageTier2": 0}
    return {
        "feeType": kind,
        "currencyCode": "EUR",
        "pricingType": "PAYMENT",
        "rateBase": PRICE,
        **usage,
        "usageTier3": None,
        "usageTier4": None,
        "totalDue": 0,
        "netDue": 0,
        "uom": "kwh" if kind == "CHARGING" else "min",
        "isPaid": True,
        "status": "PAID",
        **more,
    }


@dataclass
class Visit:
    """A session, and when Tesla lists it."""

    row: Json
    listed_at: float

    @property
    def vin(self) -> str:
        """The car."""
        return str(self.row["vin"])

    @property
    def began_at(self) -> float:
        """The beginning of the charge."""
        return datetime.fromisoformat(self.row["chargeStartDateTime"]).timestamp()


class Supercharging:
    """All sessions of the world."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.form = "wrapped"
        """One of `FORMS`: how the list is answered."""
        self._seen: dict[str, int] = {}

    def collect(self, cars: Iterable[Car]) -> None:
        """Bill the sessions that are over."""
        for car in cars:
            charging = car.charging
            done = len(charging.sessions) - (charging.state in ("Charging", "Starting"))
            for session in charging.sessions[self._seen.get(car.vin, 0) : done]:
                if session.is_fast and session.seconds:
                    self.add(car.vin, session.started_at, session.seconds, energy=session.wall_kwh)
            self._seen[car.vin] = max(done, 0)

    def add(
        self, vin: str, began_at: float, seconds: float, energy: float = 30.0, **more: object
    ) -> Json:
        """Add a session; `more` replaces fields of its row, which is returned."""
        number = len(self.visits) + 1
        kilowatt_hours = round(energy, 3)
        cost = round(kilowatt_hours * PRICE, 2)
        row: Json = {
            "sessionId": 900_000 + number,
            "vin": vin,
            "siteLocationName": "Amsterdam, Netherlands",
            "chargeStartDateTime": _text(began_at),
            "chargeStopDateTime": _text(began_at + seconds),
            "unlatchDateTime": _text(began_at + seconds + 60),
            "countryCode": "NL",
            "fees": [
                fee(usageBase=kilowatt_hours, totalDue=cost, netDue=cost),
                fee("PARKING", pricingType="NO_CHARGE", rateBase=0),
            ],
            "billingType": "IMMEDIATE",
            "invoices": [
                {
                    "fileName": f"INVOICE-{number}.pdf",
                    "contentId": f"invoice-{number}",
                    "invoiceType": "IMMEDIATE",
                }
            ],
            "vehicleMakeType": "TSLA",
            **more,
        }
        self.visits.append(Visit(row, began_at + seconds + BILLED_AFTER))
        return row

    def listed(self, vins: Iterable[str], now: float) -> list[Visit]:
        """The sessions of these cars that Tesla lists by now."""
        return [each for each in self.visits if each.vin in vins and each.listed_at <= now]

    def answer(self, visits: list[Visit], number: int, size: int) -> Json:
        """A page of these sessions in the ordered form."""
        size = min(size, MAX_PAGE)
        page: Json = {"data": [each.row for each in visits[(number - 1) * size : number * size]]}
        if self.form == "without_total":
            return {"response": page}
        page["totalResults"] = len(visits)
        return page if self.form == "bare" else {"response": page}

    def invoice(self, vins: Iterable[str], number: str, now: float) -> bytes | None:
        """An invoice of one of these cars; None if there is none."""
        for visit in self.listed(vins, now):
            if number in [each["contentId"] for each in visit.row["invoices"]]:
                return b"%PDF-1.7\n% " + number.encode() + b"\n%\xe2\xe3\xcf\xd3\n%%EOF\n"
        return None


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
