# The cuda backend without a GPU: compiled with g++ against the stand-in of tests/cudasim, put in front of the program's own
# libraries, it passes the op suite and trains; compiled with nvcc, its kernels spill no registers.
# cuda_script(NAME ARGUMENTS...): a script of this folder as a test; all_NAME, large_NAME: the same script, with other arguments.
function(cuda_script name)
  string(REGEX REPLACE "^(all|large)_" "" script ${name})
  add_test(NAME cuda.${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/cuda/${script}.sh ${ARGN})
  set_tests_properties(cuda.${name} PROPERTIES LABELS cuda TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endfunction()

if(GAN_CUDA_FOUND)
  cuda_script(spills ${CMAKE_CUDA_COMPILER} 90 $<$<BOOL:${GAN_NCCL_FOUND}>:${NCCL_INCLUDE_DIR}>)
  cuda_script(all_spills ${CMAKE_CUDA_COMPILER} "75 80 90" $<$<BOOL:${GAN_NCCL_FOUND}>:${NCCL_INCLUDE_DIR}>)
  set_tests_properties(cuda.all_spills PROPERTIES LABELS "cuda;long")
  cuda_script(no_gpu $<TARGET_FILE:gan_dist> $<$<BOOL:${GAN_NCCL_FOUND}>:nccl>)
  add_executable(cuda_precision_gpu EXCLUDE_FROM_ALL cuda/test_precision.c) # for gpu/run.sh
  target_include_directories(cuda_precision_gpu PRIVATE ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(cuda_precision_gpu PRIVATE step_tiny)
  cuda_script(cudnn ${CMAKE_C_COMPILER} ${CMAKE_CUDA_COMPILER})
  if(GAN_MPI)
    cuda_script(find ${CMAKE_CURRENT_BINARY_DIR}/find ${CMAKE_CUDA_COMPILER})
  endif()
endif()

include(${CMAKE_CURRENT_SOURCE_DIR}/cudasim/suite.cmake)
if(NOT TARGET cudasim)
  return()
endif()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.c ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.cu)
list(FILTER sources EXCLUDE REGEX "/(module|conv_cudnn)\\.c$")
set(device_sources ${sources})
list(FILTER device_sources INCLUDE REGEX "\\.cu$")
set_source_files_properties(${device_sources} PROPERTIES LANGUAGE CXX)

# cuda_objects(NAME OPTIONS...): the backend on the stand-in, its device code compiled with OPTIONS. Objects and not an archive:
# their table of backends is then the one that is linked.
function(cuda_objects name)
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/src/backend/table.c ${sources})
  target_include_directories(${name} BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/backend)
  target_compile_definitions(${name} PRIVATE GAN_CUDA GAN_CUDA_COLUMN_BYTES=16384 $<$<COMPILE_LANGUAGE:CXX>:GAN_CUDASIM>)
  target_compile_options(${name} PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:-std=c++17;-Wall;-Wextra;-ffp-contract=off;$<$<BOOL:${GAN_WERROR}>:-Werror>;${ARGN}>")
  target_link_libraries(${name} PUBLIC gan_flags)
endfunction()

# cuda_executable(NAME OBJECTS SOURCES...): a program whose cuda backend runs on the stand-in.
function(cuda_executable name objects)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PRIVATE ${objects} cudasim)
endfunction()

cuda_objects(cuda_on_cudasim)
foreach(name known_answers against_ref threads)
  cuda_executable(cuda_${name} cuda_on_cudasim ops/test_${name}.c)
  target_link_libraries(cuda_${name} PRIVATE ops_rows)
  add_test(NAME cuda.${name} COMMAND cuda_${name} cuda)
  # The stand-in keeps what was destroyed, to know it again: no leaks.
  set_tests_properties(cuda.${name} PROPERTIES LABELS cuda TIMEOUT ${hang_limit}
                       ENVIRONMENT "CUDASIM_POLICY=random;ASAN_OPTIONS=detect_leaks=0")
endforeach()
set_tests_properties(cuda.threads PROPERTIES LABELS "cuda;long") # with one stream it says little, and it takes minutes

# The products again, with factors rounded to TF32 and bfloat16.
foreach(precision tf32 bf16)
  add_test(NAME cuda.${precision} COMMAND cuda_against_ref cuda ${precision})
  set_tests_properties(cuda.${precision} PROPERTIES LABELS cuda TIMEOUT ${hang_limit}
                       ENVIRONMENT "CUDASIM_POLICY=random;ASAN_OPTIONS=detect_leaks=0")
endforeach()

cuda_executable(cuda_precision cuda_on_cudasim cuda/test_precision.c)
target_include_directories(cuda_precision PRIVATE ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(cuda_precision PRIVATE step_tiny)
add_test(NAME cuda.bf16_step COMMAND cuda_precision bf16 mlp-mnist quickstart)
add_test(NAME cuda.bf16_steps COMMAND cuda_precision bf16 gan-mnist dcgan32-mnist)
add_test(NAME cuda.tf32_steps COMMAND cuda_precision tf32 mlp-mnist quickstart gan-mnist dcgan32-mnist)
set_tests_properties(cuda.bf16_step cuda.bf16_steps cuda.tf32_steps PROPERTIES LABELS "cuda;long" TIMEOUT ${hang_limit}
                     ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
set_tests_properties(cuda.bf16_step PROPERTIES LABELS cuda)

# Without leaks: the stand-in keeps what was destroyed, to know it again; these tests count instead.
foreach(name open wait graph)
  cuda_executable(cuda_${name} cuda_on_cudasim cuda/test_${name}.c)
  target_link_libraries(cuda_${name} PRIVATE gan_backend PkgConfig::cmocka)
  add_test(NAME cuda.${name} COMMAND cuda_${name})
  set_tests_properties(cuda.${name} PROPERTIES LABELS cuda TIMEOUT ${hang_limit} ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
endforeach()
set_property(TEST cuda.known_answers cuda.against_ref cuda.threads APPEND PROPERTY ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)

# The pictures on their way.
cuda_executable(cuda_feed cuda_on_cudasim cuda/test_feed.c ${PROJECT_SOURCE_DIR}/src/feed.c)
target_include_directories(cuda_feed PRIVATE ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(cuda_feed PRIVATE step_tiny gan_data gan_comm)
add_test(NAME cuda.feed COMMAND cuda_feed)
set_tests_properties(cuda.feed PROPERTIES LABELS cuda TIMEOUT ${hang_limit} ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)

# The op suite once more, with the compiler's hooks before every access of device code: bounds and races (tests/cudasim/README.md).
if(NOT GAN_ASAN)
  cuda_objects(cuda_with_hooks -fsanitize=thread)
  cuda_executable(cuda_races cuda_with_hooks ops/test_against_ref.c)
  target_link_libraries(cuda_races PRIVATE ops_rows)
  add_test(NAME cuda.races COMMAND cuda_races cuda)
  add_test(NAME cuda.races_bf16 COMMAND cuda_races cuda bf16)
  set_tests_properties(cuda.races cuda.races_bf16 PROPERTIES LABELS "cuda;long" TIMEOUT ${hang_limit})
  set_tests_properties(cuda.races PROPERTIES LABELS cuda)
endif()

# comm_nccl on the stand-in: linked in place of what would load the module.
if(GAN_MPI)
  file(GLOB nccl_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/comm/nccl/*.c ${PROJECT_SOURCE_DIR}/src/comm/nccl/*.cu)
  set(nccl_device_sources ${nccl_sources})
  list(FILTER nccl_device_sources INCLUDE REGEX "\\.cu$")
  set_source_files_properties(${nccl_device_sources} PROPERTIES LANGUAGE CXX)
  add_library(nccl_on_cudasim OBJECT ${nccl_sources} cuda/nccl_here.c)
  target_include_directories(nccl_on_cudasim BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include)
  target_include_directories(nccl_on_cudasim PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/comm)
  target_compile_definitions(nccl_on_cudasim PRIVATE GAN_NCCL_PIECE_BYTES=4096 $<$<COMPILE_LANGUAGE:CXX>:GAN_CUDASIM>)
  target_compile_options(nccl_on_cudasim PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:-std=c++17;-Wall;-Wextra;-ffp-contract=off;$<$<BOOL:${GAN_WERROR}>:-Werror>>")
  target_link_libraries(nccl_on_cudasim PUBLIC gan_flags INTERFACE cudasim_nccl)

  cuda_executable(cuda_device_sums nccl_on_cudasim cuda/device_sums.c)
  target_include_directories(cuda_device_sums PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include)
  target_link_libraries(cuda_device_sums PRIVATE gan_comm_tests)
  cuda_script(device_sums $<TARGET_FILE:cuda_device_sums> 3)
  cuda_script(all_device_sums $<TARGET_FILE:cuda_device_sums> 2 3 4 5)
endif()

# The op suite with cuDNN's convolutions where they can be; all but conv.c is as without them.
set(cuda_at ${PROJECT_SOURCE_DIR}/src/backend/cuda)
add_library(cuda_cudnn_objects OBJECT ${cuda_at}/conv.c ${cuda_at}/conv_cudnn.c)
target_include_directories(cuda_cudnn_objects BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include)
target_include_directories(cuda_cudnn_objects PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/backend)
target_compile_definitions(cuda_cudnn_objects PRIVATE GAN_CUDNN GAN_CUDA_COLUMN_BYTES=16384)
target_link_libraries(cuda_cudnn_objects PUBLIC gan_flags)
foreach(source ops/test_against_ref cuda/test_open)
  string(REGEX REPLACE ".*test_" "cudnn_" name ${source})
  add_executable(cuda_${name} ${source}.c $<FILTER:$<TARGET_OBJECTS:cuda_on_cudasim>,EXCLUDE,/conv[.]c>)
  set_target_properties(cuda_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(cuda_${name} PRIVATE cuda_cudnn_objects cudasim ops_rows)
  add_test(NAME cuda.${name} COMMAND cuda_${name} cuda)
  set_tests_properties(cuda.${name} PROPERTIES LABELS cuda TIMEOUT ${hang_limit} ENVIRONMENT "CUDASIM_POLICY=random;ASAN_OPTIONS=detect_leaks=0")
endforeach()
add_test(NAME cuda.cudnn_tf32 COMMAND cuda_cudnn_against_ref cuda tf32)
set_tests_properties(cuda.cudnn_tf32 PROPERTIES LABELS "cuda;long" TIMEOUT ${hang_limit} ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)

# The whole program, with its presets.
cuda_executable(gan_dist_on_cudasim cuda_on_cudasim ${program_sources})
if(GAN_MPI)
  target_link_libraries(gan_dist_on_cudasim PRIVATE nccl_on_cudasim)
endif()
target_include_directories(gan_dist_on_cudasim PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(gan_dist_on_cudasim PRIVATE gan_out gan_optim gan_step gan_model gan_backend gan_data gan_comm gan_config
                                                  gan_base)
include(${CMAKE_CURRENT_SOURCE_DIR}/cuda/driver.cmake)
add_executable(cuda_compare cuda/compare.c)
target_link_libraries(cuda_compare PRIVATE gan_out gan_base)
cuda_script(program $<TARGET_FILE:gan_dist_on_cudasim>)
if(GAN_MPI)
  cuda_script(ranks $<TARGET_FILE:gan_dist_on_cudasim>)
  cuda_script(all_ranks $<TARGET_FILE:gan_dist_on_cudasim> all)
  cuda_script(failures $<TARGET_FILE:gan_dist_on_cudasim>)
  cuda_script(all_failures $<TARGET_FILE:gan_dist_on_cudasim> all)
  cuda_script(seeds $<TARGET_FILE:gan_dist_on_cudasim> 2)
  cuda_script(all_seeds $<TARGET_FILE:gan_dist_on_cudasim> 20 $<TARGET_FILE:cuda_against_ref> $<TARGET_FILE:cuda_known_answers>)
  set_tests_properties(cuda.device_sums cuda.ranks cuda.failures cuda.seeds PROPERTIES RESOURCE_LOCK cuda)
  set_tests_properties(cuda.all_device_sums cuda.all_ranks cuda.all_failures PROPERTIES RESOURCE_LOCK cuda LABELS "cuda;long")
  set_tests_properties(cuda.all_seeds PROPERTIES LABELS "cuda;long" RESOURCE_LOCK cuda TIMEOUT ${long_hang_limit})
endif()
cuda_script(step_graph $<TARGET_FILE:gan_dist_on_cudasim>)
cuda_script(all_step_graph $<TARGET_FILE:gan_dist_on_cudasim> all)
set_tests_properties(cuda.all_step_graph PROPERTIES LABELS "cuda;long")
# What tests/gpu/run.sh runs on real devices, so that it works on the day when there is one.
add_test(NAME cuda.gpu_program COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/gpu/program.sh $<TARGET_FILE:gan_dist_on_cudasim>)
set_tests_properties(cuda.gpu_program PROPERTIES LABELS "cuda;long" RESOURCE_LOCK cuda TIMEOUT ${hang_limit})
if(GAN_MPI)
  add_test(NAME cuda.gpu_ranks COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/gpu/ranks.sh $<TARGET_FILE:gan_dist_on_cudasim> 4)
  set_tests_properties(cuda.gpu_ranks PROPERTIES LABELS "cuda;long" RESOURCE_LOCK cuda TIMEOUT ${hang_limit} ENVIRONMENT CUDASIM_DEVICES=4)
endif()
cuda_script(presets $<TARGET_FILE:gan_dist_on_cudasim> $<TARGET_FILE:cuda_compare> fp32 mlp-mnist gan-mnist dcgan32-mnist quickstart)
cuda_script(large_presets $<TARGET_FILE:gan_dist_on_cudasim> $<TARGET_FILE:cuda_compare> fp32 cdcgan-mnist dcgan48-anime dcgan64
            anime96)
set(presets_sh ${CMAKE_CURRENT_SOURCE_DIR}/cuda/presets.sh)
add_test(NAME cuda.presets_steps COMMAND bash ${presets_sh} $<TARGET_FILE:gan_dist_on_cudasim> $<TARGET_FILE:cuda_compare> steps
         mlp-mnist gan-mnist dcgan32-mnist quickstart)
add_test(NAME cuda.large_presets_steps COMMAND bash ${presets_sh} $<TARGET_FILE:gan_dist_on_cudasim> $<TARGET_FILE:cuda_compare> steps
         cdcgan-mnist dcgan48-anime dcgan64 anime96)
set_tests_properties(cuda.program cuda.presets cuda.large_presets cuda.presets_steps cuda.large_presets_steps PROPERTIES COST 20
                     TIMEOUT ${hang_limit})
set_tests_properties(cuda.large_presets cuda.presets_steps cuda.large_presets_steps PROPERTIES LABELS "cuda;long")
# Everything in 20 orders of the device's work, for the long run, with and without sanitizers.
function(cuda_in_all_orders name)
  add_test(NAME cuda.orders_of_${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/cuda/with_seeds.sh 20 ${ARGN})
  set_tests_properties(cuda.orders_of_${name} PROPERTIES LABELS "cuda;long;orders" TIMEOUT ${long_hang_limit}
                       ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
endfunction()
foreach(name open wait graph feed)
  cuda_in_all_orders(${name} $<TARGET_FILE:cuda_${name}>)
endforeach()
foreach(name program step_graph)
  cuda_in_all_orders(${name} bash ${CMAKE_CURRENT_SOURCE_DIR}/cuda/${name}.sh $<TARGET_FILE:gan_dist_on_cudasim>)
endforeach()
cuda_in_all_orders(presets bash ${CMAKE_CURRENT_SOURCE_DIR}/cuda/presets.sh $<TARGET_FILE:gan_dist_on_cudasim>
                   $<TARGET_FILE:cuda_compare> fp32 mlp-mnist quickstart)
if(GAN_MPI)
  foreach(name ranks failures)
    cuda_in_all_orders(${name} bash ${CMAKE_CURRENT_SOURCE_DIR}/cuda/${name}.sh $<TARGET_FILE:gan_dist_on_cudasim>)
    set_tests_properties(cuda.orders_of_${name} PROPERTIES RESOURCE_LOCK cuda)
  endforeach()
endif()
# With sanitizers the ops, each way of failing and several ranks; the rest is for the long run.
if(GAN_ASAN)
  set_tests_properties(cuda.program cuda.step_graph PROPERTIES LABELS "cuda;long")
  if(GAN_MPI)
    set_tests_properties(cuda.seeds PROPERTIES LABELS "cuda;long")
  endif()
  set_tests_properties(cuda.presets cuda.tf32 cuda.bf16 cuda.bf16_step cuda.known_answers cuda.cudnn_against_ref
                       PROPERTIES LABELS "cuda;long")
endif()
