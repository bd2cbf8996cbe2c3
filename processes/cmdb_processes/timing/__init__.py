"""Time in processes: zones, spans, opening hours, clocks, windows and free slots. Pure, in whole seconds of UTC."""
