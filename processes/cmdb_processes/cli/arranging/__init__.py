"""More of `epicentre calendar` and `epicentre team`: the board's meetings, and stand-ins."""
