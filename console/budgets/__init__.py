"""Budgets and forecast: will the bill stay in budget, and what is unusual in it?"""
