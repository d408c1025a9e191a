"""What another tariff, fuse, battery, roof, policy or number of chargers would have done to a site: its own weeks again.

Pure: weeks and variations in, costs out. The engine and the planner decide as they do at the site; what cars take of what
they are offered, and what the meter counts of it, is computed here.
"""

from .comparison import Comparison, Money, Question, WeeksResult, WhatChanges, compare
from .outcome_of_weeks import ReplayedWeek, replay_week
from .past_weeks import Hindsight, PastStay, PastWeek, UsualDays, usual_days
from .peak_price import PeakCounter, PeakPrice, WeekPeaks
from .plant import HomeStorage, Outlet, Plant, Stay, Surroundings
from .replay import Replay, ReplayedSite, ReplayPace
from .variation import (
    ChargingPolicy,
    SiteSetup,
    Variation,
    WeekPrices,
    varied_setup,
    varied_week,
)

__all__ = [
    "ChargingPolicy",
    "Comparison",
    "WhatChanges",
    "Hindsight",
    "HomeStorage",
    "Money",
    "Outlet",
    "ReplayPace",
    "PastStay",
    "PastWeek",
    "PeakCounter",
    "PeakPrice",
    "Plant",
    "WeekPrices",
    "Question",
    "Replay",
    "ReplayedSite",
    "ReplayedWeek",
    "WeekPeaks",
    "WeeksResult",
    "SiteSetup",
    "Stay",
    "Surroundings",
    "UsualDays",
    "Variation",
    "compare",
    "replay_week",
    "usual_days",
    "varied_setup",
    "varied_week",
]
