"""Alerts: what is wrong, whom to tell, and telling them until they have heard.

Each step is apart: `conditions` judges facts, `decide` says what to tell, the warehouse keeps both, and `send` delivers.
"""
