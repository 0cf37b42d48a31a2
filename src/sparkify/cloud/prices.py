"""What the stack costs, from a small table of list prices.

On-demand prices before tax, as public copies of AWS's price list gave them in the month named; they differ by region
and change. The price page <https://aws.amazon.com/redshift/pricing/> is what counts; `--rpu-price` overrides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

SECRET_MONTH = 0.40
"""US dollars a month for the secret that holds the admin password."""
_HOURS = 730
"""Hours of a month, as AWS counts them."""


@dataclass(frozen=True, slots=True)
class Price:
    """List prices of a region."""

    rpu_hour: float
    """US dollars for one RPU working one hour; billed by the second, at least 60 seconds at a time."""
    storage: float
    """US dollars for one GB of managed storage a month."""
    source: str
    """Where the price of the RPU-hour is from, to be shown beside it."""

    @classmethod
    def of(cls, region: str, rpu_price: float | None = None) -> Self:
        """Prices of a region; for one that is not in the table the highest known, and the source says so."""
        known = TABLE.get(region)
        rpu_hour, storage, month = known or max(TABLE.values())
        if rpu_price is not None:
            return cls(rpu_price, storage, "as --rpu-price says")
        if known is None:
            return cls(rpu_hour, storage, f"assumed: {region} is not in the price table, pass --rpu-price")
        return cls(rpu_hour, storage, f"list price of {region}, {month}")

    def working(self, rpu: int) -> float:
        """US dollars an hour while `rpu` RPUs work."""
        return rpu * self.rpu_hour

    def lines(self, base: int, most: int) -> list[str]:
        """What an hour costs, working and idle, in words."""
        return [
            f"working: ${self.working(base):,.2f} an hour at {base} RPU, ${self.working(most):,.2f} at the most, "
            f"{most} RPU (${self.rpu_hour:g} per RPU-hour, {self.source}; at least 60 s are billed each time)",
            f"idle:    ${SECRET_MONTH / _HOURS:.4f} an hour for the admin secret, no capacity; "
            f"and ${self.storage:g} per GB and month of managed storage",
        ]

    def as_dict(self, base: int, most: int) -> dict[str, Any]:
        """The same for programs, in US dollars."""
        return {
            "rpu_hour": self.rpu_hour,
            "source": self.source,
            "working_hour": round(self.working(base), 4),
            "working_hour_most": round(self.working(most), 4),
            "idle_hour": round(SECRET_MONTH / _HOURS, 4),
            "storage_gb_month": self.storage,
        }


TABLE = {
    "us-east-1": (0.375, 0.024, "October 2026"),
    "us-west-2": (0.36, 0.024, "September 2026"),
    "ap-southeast-1": (0.45, 0.0261, "August 2026"),
}
"""Region: US dollars per RPU-hour, per GB-month of managed storage, and when they were read."""
