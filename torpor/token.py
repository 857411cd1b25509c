"""The header in which the API's token travels too, for those whose `Authorization` is taken by somebody on the way."""

HEADER = "Torpor-Token"
