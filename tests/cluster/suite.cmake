# Several hosts, made of namespaces on this machine (two_hosts.sh); real ssh, mpirun and networks. They need root, and skip
# without it. Most of their time they wait (for a network, a limit, a node), so they have a lock of their own and are started
# first, beside the others.
function(gan_cluster_test name)
  add_test(NAME cluster.${name}
           COMMAND bash ${PROJECT_SOURCE_DIR}/tests/cluster/${name}.sh $<TARGET_FILE:gan_dist> ${ARGN})
  set_tests_properties(cluster.${name} PROPERTIES LABELS cluster RESOURCE_LOCK cluster COST 100 TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endfunction()

# Nothing in here takes another path through the program's own code.
if(GAN_ASAN)
  return()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/facts/facts.cmake)

foreach(name together names networks killed cut_and_back cut_for_good
        slurm_train slurm_stop slurm_requeue slurm_node slurm_without_pmix)
  gan_cluster_test(${name})
endforeach()

add_executable(cluster_slow_cable ${CMAKE_CURRENT_LIST_DIR}/slow_cable.c)
target_link_libraries(cluster_slow_cable PRIVATE gan_flags)
gan_cluster_test(slow $<TARGET_FILE:cluster_slow_cable>)
