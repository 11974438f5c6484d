# Several hosts, made of namespaces on this machine (two_hosts.sh); real ssh, mpirun and networks. They need root, and skip
# without it.
if(NOT GAN_ASAN) # nothing in here is another path through the program's own code
  foreach(name together names killed cut_and_back cut_for_good)
    add_test(NAME cluster.${name}
             COMMAND bash ${PROJECT_SOURCE_DIR}/tests/cluster/${name}.sh $<TARGET_FILE:gan_dist>)
    set_tests_properties(cluster.${name} PROPERTIES LABELS cluster RESOURCE_LOCK mpi TIMEOUT 300 SKIP_RETURN_CODE 77)
  endforeach()
endif()
