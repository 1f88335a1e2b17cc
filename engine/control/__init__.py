"""A person's hand on a running engine: `perp2perp tell RUN ...` asks over a Unix socket in the run's directory.

`asking` is what is asked and answered, `place` the socket and who may reach it, `listener` the engine's end, `teller`
the person's, `commands` the command line. What is asked becomes one journaled message on the operator lane; its answer
says what the actor that heard it decided. A socket is heard by a living engine or by none: what an engine that has died
did not take in is never done by the next one.
"""
