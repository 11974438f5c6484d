# A stand-in for CUDA on machines without a GPU, for tests alone (README.md), and the tests of itself.
include_guard()
include(CheckLanguage)
check_language(CXX)
if(NOT CMAKE_CXX_COMPILER)
  message(STATUS "tests/cudasim: no C++ compiler, so nothing of CUDA is tested")
  return()
endif()
enable_language(CXX)

# What every C++ file around the stand-in is compiled with: like gan_flags, in C++.
add_library(cudasim_flags INTERFACE)
target_include_directories(cudasim_flags INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include
                           ${PROJECT_SOURCE_DIR}/include)
target_compile_options(cudasim_flags INTERFACE -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off
                       $<$<BOOL:${GAN_WERROR}>:-Werror>)
if(GAN_ASAN)
  target_compile_options(cudasim_flags INTERFACE -fsanitize=address -fno-omit-frame-pointer)
  target_link_options(cudasim_flags INTERFACE -fsanitize=address)
endif()
if(GAN_UBSAN)
  target_compile_options(cudasim_flags INTERFACE -fsanitize=undefined -fno-sanitize-recover=undefined)
  target_link_options(cudasim_flags INTERFACE -fsanitize=undefined)
endif()

file(GLOB cudasim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/*.cpp)
list(FILTER cudasim_sources EXCLUDE REGEX "/(test|nccl)_[a-z_]*.cpp$|/signatures.cpp$")
add_library(cudasim STATIC ${cudasim_sources})
target_include_directories(cudasim PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include
                           PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim)
target_link_libraries(cudasim PRIVATE cudasim_flags)
target_link_options(cudasim INTERFACE -rdynamic) # reports name functions

file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/test_*.cpp)
if(GAN_ASAN) # the compiler has one sanitizer of memory at a time
  list(FILTER sources EXCLUDE REGEX "/test_races.cpp$")
endif()
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "test_" "" short ${name})
  add_executable(cudasim_${short} ${source})
  target_include_directories(cudasim_${short} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim)
  target_link_libraries(cudasim_${short} PRIVATE cudasim cudasim_flags PkgConfig::cmocka)
  add_test(NAME cudasim.${short} COMMAND cudasim_${short})
  set_tests_properties(cudasim.${short} PROPERTIES LABELS cudasim TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
endforeach()

# The compiler's hooks before every access, but not ThreadSanitizer's runtime: race.cpp is what they call.
if(NOT GAN_ASAN)
  target_compile_options(cudasim_races PRIVATE -fsanitize=thread)
endif()

find_path(CUDASIM_CUDA_HEADERS cublas_v2.h PATHS /usr/local/cuda/include NO_CACHE)
add_test(NAME cudasim.signatures COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/signatures.sh ${CMAKE_CXX_COMPILER}
         $<$<BOOL:${CUDASIM_CUDA_HEADERS}>:${CUDASIM_CUDA_HEADERS}>)
set_tests_properties(cudasim.signatures PROPERTIES LABELS cudasim TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)

# Planted mistakes: each must be caught by the tests on the stand-in.
set(mutants ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/mutants/run.sh)
add_test(NAME cudasim.mutants_apply COMMAND bash ${mutants} --check)
set_tests_properties(cudasim.mutants_apply PROPERTIES LABELS cudasim TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
add_test(NAME cudasim.mutants COMMAND bash ${mutants} ${PROJECT_BINARY_DIR}/mutants)
set_tests_properties(cudasim.mutants PROPERTIES LABELS "cudasim;long" RESOURCE_LOCK cuda TIMEOUT ${long_hang_limit} SKIP_RETURN_CODE 77)
add_test(NAME cudasim.coverage COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/coverage.sh ${PROJECT_BINARY_DIR}/coverage)
set_tests_properties(cudasim.coverage PROPERTIES LABELS "cudasim;long" RESOURCE_LOCK cuda TIMEOUT ${long_hang_limit} SKIP_RETURN_CODE 77)

# NCCL over MPI, a library of its own: what needs no communicator needs no MPI.
if(NOT GAN_MPI)
  return()
endif()
set(cudasim_at ${CMAKE_CURRENT_SOURCE_DIR}/cudasim)
add_library(cudasim_nccl STATIC ${cudasim_at}/nccl_comm.cpp ${cudasim_at}/nccl_calls.cpp ${cudasim_at}/nccl_sums.cpp)
target_include_directories(cudasim_nccl PRIVATE ${cudasim_at})
target_link_libraries(cudasim_nccl PUBLIC cudasim MPI::MPI_C PRIVATE cudasim_flags)
add_executable(cudasim_nccl_ranks ${cudasim_at}/nccl_ranks.cpp)
target_include_directories(cudasim_nccl_ranks PRIVATE ${cudasim_at})
target_link_libraries(cudasim_nccl_ranks PRIVATE cudasim_nccl cudasim_flags)
add_test(NAME cudasim.nccl COMMAND bash ${cudasim_at}/nccl.sh $<TARGET_FILE:cudasim_nccl_ranks>)
add_test(NAME cudasim.all_nccl COMMAND bash ${cudasim_at}/nccl.sh $<TARGET_FILE:cudasim_nccl_ranks> 20)
set_tests_properties(cudasim.nccl cudasim.all_nccl PROPERTIES LABELS cudasim RESOURCE_LOCK cuda TIMEOUT ${hang_limit} SKIP_RETURN_CODE 77)
set_tests_properties(cudasim.all_nccl PROPERTIES LABELS "cudasim;long")
