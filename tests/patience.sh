# shellcheck shell=bash
# Sourced by the tests that wait: how many seconds they wait for what must happen, before they say that it hangs. Ten times what the
# slowest needs on an idle machine, because a machine may be busy. How fast something has to be is a benchmark's to say (bench/).
# shellcheck disable=SC2034 # for who sources this
patience=600
