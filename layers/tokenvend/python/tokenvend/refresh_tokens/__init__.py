"""Refresh token rotation: redeem each refresh token once, and store its successor."""
