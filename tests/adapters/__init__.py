"""One contract per port, held by the fake and by the real adapter alike."""
