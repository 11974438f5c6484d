# Other MPIs than the one that this machine's mpicc belongs to. under.sh runs scripts of other suites under Open MPI 5, and says where
# it finds that; mpich.sh builds and runs with MPICH. Skipped where they are not.
if(GAN_ASAN) # nothing in here takes another path through the program's own code
  return()
endif()

function(gan_mpi5_test suite script)
  add_test(NAME mpi5.${script}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/mpi/under.sh ${PROJECT_SOURCE_DIR}/tests/${suite}/${script}.sh
                   $<TARGET_FILE:gan_dist> ${ARGN})
  set_tests_properties(mpi5.${script} PROPERTIES LABELS mpi RESOURCE_LOCK cluster COST 90 TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endfunction()

foreach(script together names cut_and_back cut_for_good killed)
  gan_mpi5_test(cluster ${script})
endforeach()
gan_mpi5_test(smoke container)
gan_mpi5_test(cluster/facts launchers)
gan_mpi5_test(dist ranks)
gan_mpi5_test(dist terminated 20)
set_tests_properties(mpi5.terminated PROPERTIES LABELS "mpi;long" TIMEOUT ${long_hang_limit})
gan_mpi5_test(dist last_words $<TARGET_FILE:dist_last_words>)

add_test(NAME mpi.mpich COMMAND bash ${PROJECT_SOURCE_DIR}/tests/mpi/mpich.sh $<TARGET_FILE:gan_dist>)
set_tests_properties(mpi.mpich PROPERTIES LABELS mpi RESOURCE_LOCK mpi COST 90 TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
