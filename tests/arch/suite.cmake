# What holds the house in shape: each check is a shell script that lists all it finds wrong. They judge the tree, so the build
# with sanitizers need not run them again.
if(GAN_ASAN)
  return()
endif()
function(gan_arch_test name)
  add_test(NAME arch.${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/arch/${name}.sh ${ARGN})
  set_tests_properties(arch.${name} PROPERTIES LABELS arch TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77
                       ENVIRONMENT "CC=${CMAKE_C_COMPILER}")
endfunction()

gan_arch_test(arrows)
gan_arch_test(symbols ${PROJECT_BINARY_DIR})
gan_arch_test(rpaths ${PROJECT_BINARY_DIR})
gan_arch_test(headers)
gan_arch_test(sizes)
gan_arch_test(format)
gan_arch_test(words)
gan_arch_test(docs $<TARGET_FILE:gan_dist>)
gan_arch_test(check_the_checks $<TARGET_FILE:gan_dist>)
gan_arch_test(without_mpi ${PROJECT_BINARY_DIR}/without-mpi)
# A build of its own, half a minute; and what changes only when these scripts do.
set_tests_properties(arch.without_mpi arch.check_the_checks PROPERTIES LABELS "arch;long")
