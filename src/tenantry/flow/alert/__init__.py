"""Alerts as the warehouse keeps them: where they go, what is wrong, what was told, and what is still to be delivered."""
