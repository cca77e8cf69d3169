"""The wall between student code and everything else.

Which side a module stands on:

    beside student code    worker, shell, dump
    on the wire            protocol, wire, frames, arrays, layers, weighted, arguments, shapes
    trusted                launch, bubblewrap, seccomp, watchdog, session, outputs, models

Trusted modules take nothing from the other side but frames; `wire` says what these may hold.
"""
