#!/bin/sh
# Runs a benchmark with the arguments given, so that it does not rot: passes if
# the benchmark ends well.
exec "$@"
