"""How a trial ends other than well."""


class UnfitError(Exception):
    """This machine cannot run the trial; the message says why and what to do."""


class BrokenError(Exception):
    """Something that should work does not; the message says what."""
