"""Viet Nam's communes, what they were called before July 2025, and how to find one in what people type."""

from content.units.gazetteer import Gazetteer
from content.units.model import Candidate, Commune, Found, Near, Nearby, Province

__all__ = ["Candidate", "Commune", "Found", "Gazetteer", "Near", "Nearby", "Province"]
