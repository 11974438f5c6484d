# The scripts that a new user meets first, with a package manager and a compiler of the tests' own making. In a real fresh system:
# run.sh, by hand and in .ci/run.
if(GAN_ASAN)
  return()
endif()
foreach(name quickstart install scripts)
  add_test(NAME fresh.${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/fresh/${name}.sh $<TARGET_FILE:gan_dist>)
  set_tests_properties(fresh.${name} PROPERTIES LABELS fresh RESOURCE_LOCK smoke TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endforeach()
