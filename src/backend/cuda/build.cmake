# The cuda backend: a module beside the program, which loads it when it is asked for (module.c).
# GAN_CUDA_FOUND says whether it is built. AUTO leaves it out with sanitizers, which CUDA's own memory management confuses.
set(GAN_CUDA AUTO CACHE STRING "The cuda backend: AUTO (where nvcc, the CUDA runtime and cuBLAS are), ON or OFF")
set_property(CACHE GAN_CUDA PROPERTY STRINGS AUTO ON OFF)
option(GAN_CUDNN "Let cuDNN compute the convolutions that it can" OFF)
set(GAN_CUDA_FOUND OFF)
if(GAN_CUDA STREQUAL OFF OR (GAN_CUDA STREQUAL AUTO AND (GAN_ASAN OR GAN_UBSAN OR GAN_FUZZ)))
  return()
endif()
include(CheckLanguage)
check_language(CUDA)
find_package(CUDAToolkit 11.8 QUIET) # the first that knows H100
if(NOT CMAKE_CUDA_COMPILER OR NOT TARGET CUDA::cublas OR NOT TARGET CUDA::cudart)
  if(GAN_CUDA STREQUAL ON)
    message(FATAL_ERROR "GAN_CUDA=ON, but nvcc, the CUDA runtime or cuBLAS is missing: install the CUDA Toolkit, 11.8 or later, or give its "
                        "nvcc with -DCMAKE_CUDA_COMPILER=PATH")
  elseif(CMAKE_CUDA_COMPILER)
    message(STATUS "No cuda backend: there is nvcc, but no CUDA runtime or cuBLAS of version 11.8 or later")
  endif()
  return()
endif()
set(GAN_CUDA_FOUND ON)

# Machine code for A100 and H100, and PTX for what comes later. No fused multiply-adds: the bits are those of the same source
# elsewhere, and these loops wait for memory.
set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
enable_language(CUDA)

file(GLOB cuda_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.c ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.cu)
list(FILTER cuda_sources EXCLUDE REGEX "/module\\.c$")
if(NOT GAN_CUDNN)
  list(FILTER cuda_sources EXCLUDE REGEX "/conv_cudnn\\.c$")
endif()
add_library(gan_cuda MODULE ${cuda_sources})
if(GAN_CUDNN)
  find_path(CUDNN_INCLUDE_DIR cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
  find_library(CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_DIR}/../lib REQUIRED)
  target_include_directories(gan_cuda SYSTEM PRIVATE ${CUDNN_INCLUDE_DIR})
  target_compile_definitions(gan_cuda PRIVATE GAN_CUDNN)
  target_link_libraries(gan_cuda PRIVATE ${CUDNN_LIBRARY})
endif()
set_target_properties(gan_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} INSTALL_RPATH_USE_LINK_PATH ON)
target_include_directories(gan_cuda PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(gan_cuda PRIVATE
  "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;$<$<BOOL:${GAN_WERROR}>:-Werror=all-warnings>;-Xcompiler=-Wall,-Wextra,-ffp-contract=off>")
target_link_libraries(gan_cuda PRIVATE gan_flags CUDA::cublas CUDA::cudart)
install(TARGETS gan_cuda LIBRARY DESTINATION lib/gan_dist)

# The module's calls to the rest of the project end in the program that loads it.
set(CMAKE_ENABLE_EXPORTS ON)
set(CMAKE_BUILD_RPATH ${PROJECT_BINARY_DIR})
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/gan_dist")
