# The C of the pages that say how to add something, put where they say, compiled and run. A build of its own, once a change: the
# build with sanitizers need not do it again.
if(GAN_ASAN)
  return()
endif()
add_test(NAME docs.code COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/docs/code.sh)
set_tests_properties(docs.code PROPERTIES LABELS docs COST 60 TIMEOUT ${hang_limit}
                     ENVIRONMENT "CC=${CMAKE_C_COMPILER}")
