# The op suite: rows_*.c hold one row per op, ops.c runs a row; each test_*.c loops over every backend and every row.
file(GLOB ops_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/ops/ops.c ${CMAKE_CURRENT_SOURCE_DIR}/ops/table.c
     ${CMAKE_CURRENT_SOURCE_DIR}/ops/rows_*.c ${CMAKE_CURRENT_SOURCE_DIR}/ops/checks_*.c)
add_library(ops_rows STATIC ${ops_sources})
target_link_libraries(ops_rows PUBLIC gan_backend gan_base PkgConfig::cmocka)
gan_test(ops ops_rows)
# Two threads allowed where a backend plans its work: what was planned for two must not run inside a shard.
set_property(TEST ops.known_answers ops.against_ref ops.threads PROPERTY ENVIRONMENT OMP_NUM_THREADS=2
             OMP_WAIT_POLICY=passive)
# Each instruction set that oneDNN can be held to has products of its own; the best that this CPU has is ops.places.
foreach(isa SSE41 AVX AVX2)
  add_test(NAME ops.places_${isa} COMMAND ops_test_places)
  set_tests_properties(ops.places_${isa} PROPERTIES LABELS ops TIMEOUT ${hang_limit} ENVIRONMENT DNNL_MAX_CPU_ISA=${isa})
endforeach()
set_property(TEST ops.places PROPERTY TIMEOUT ${hang_limit})
