"""The web page: a launcher, a reader that stays out of the way of loads, and the page itself."""
