# What stands in launch/ and cluster/, and in commands elsewhere: taken by its own tools and by the program, as far as they are here.
function(gan_facts_test name)
  add_test(NAME facts.${name}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/cluster/facts/${name}.sh $<TARGET_FILE:gan_dist>)
  set_tests_properties(facts.${name} PROPERTIES LABELS facts TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endfunction()

foreach(name scripts options messages files hosts images launchers)
  gan_facts_test(${name})
endforeach()
set_tests_properties(facts.images PROPERTIES LABELS "facts;long") # builds the program once more
set_tests_properties(facts.files facts.launchers PROPERTIES RESOURCE_LOCK smoke)
