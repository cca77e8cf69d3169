"""The wall between student code and everything else. `worker` is the only module that runs beside student code."""
