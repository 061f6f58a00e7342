"""The use case: answer one caller. Only the domain and the ports are known here."""
