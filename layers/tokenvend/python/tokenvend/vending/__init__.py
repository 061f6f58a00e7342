"""Vending: answer one caller. Only the domain and the ports are known here."""
