"""Sentences about cars: questions that Assist answers, and acts.

Home Assistant's own sentences understand a third of what people say about a car, and its fuzzy
matcher does something else with some of the rest. The sentences here are registered as triggers
of `conversation`, which come before both.
"""
