# What the build of CUDA's modules asks of the machine; each answer is one line for the user.

# gan_no_cuda(REASON): without the backend where it was left open, else an error. The caller returns.
function(gan_no_cuda reason)
  set(todo "install the CUDA Toolkit, 11.8 or later, or name its nvcc with -DCMAKE_CUDA_COMPILER=PATH")
  if(GAN_CUDA STREQUAL ON)
    message(FATAL_ERROR "GAN_CUDA=ON, but ${reason}: ${todo}")
  endif()
  message(STATUS "CUDA: ${reason}: no cuda backend, so GPUs are not used; to have it, ${todo}")
endfunction()

# gan_nvcc_version(OUT): of CMAKE_CUDA_COMPILER, before it is tried; "" when it is no nvcc.
function(gan_nvcc_version out)
  execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --version OUTPUT_VARIABLE said ERROR_QUIET)
  set(${out} "" PARENT_SCOPE)
  if(said MATCHES "release ([0-9]+\\.[0-9]+)")
    set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()

# gan_defined(OUT FILE NAMES...): the numbers that a header defines, joined by dots; "" when it does not.
function(gan_defined out file)
  set(numbers)
  foreach(name ${ARGN})
    if(EXISTS ${file})
      file(STRINGS ${file} line REGEX "^#define[ \t]+${name}[ \t]+[0-9]+" LIMIT_COUNT 1)
      if(line MATCHES "${name}[ \t]+([0-9]+)")
        list(APPEND numbers ${CMAKE_MATCH_1})
      endif()
    endif()
  endforeach()
  list(JOIN numbers "." text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# gan_same_major(LIBRARY WHAT): the file LIBRARY (libcublas.so -> libcublas.so.13) is of nvcc's major version.
function(gan_same_major library what)
  get_filename_component(file ${library} REALPATH)
  string(REGEX MATCH "^[0-9]+" nvcc ${CMAKE_CUDA_COMPILER_VERSION})
  if(file MATCHES "\\.so\\.([0-9]+)" AND NOT CMAKE_MATCH_1 EQUAL nvcc)
    message(FATAL_ERROR "nvcc is of CUDA ${nvcc} (${CMAKE_CUDA_COMPILER}), but ${what} is of CUDA ${CMAKE_MATCH_1} (${library}): name the nvcc of "
                        "that toolkit with -DCMAKE_CUDA_COMPILER=PATH in a new build folder, or take the other toolkit out of "
                        "CMAKE_PREFIX_PATH, CUDAToolkit_ROOT and the environment; -DGAN_CUDA=OFF builds without CUDA")
  endif()
endfunction()

# gan_runtime_folders(OUT LIBRARIES...): where the loader has to look for them. A folder is named as it is, not by a link that may
# lead elsewhere tomorrow (/usr/local/cuda). The system's own are looked in anyway, and the toolkit's stubs must not be.
function(gan_runtime_folders out)
  set(folders)
  foreach(library ${ARGN})
    get_filename_component(folder ${library} DIRECTORY)
    get_filename_component(folder ${folder} REALPATH)
    if(NOT folder MATCHES "/stubs$" AND NOT folder MATCHES "^(/usr)?/lib(32|64)?(/[^/]+-linux-gnu[^/]*)?$")
      list(APPEND folders ${folder})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  set(${out} "${folders}" PARENT_SCOPE)
endfunction()

# gan_cuda_module(NAME LIBRARIES...): a module that finds these libraries where they are, in the build tree and installed. CMake by
# itself leaves out the folders that nvcc links from.
function(gan_cuda_module name)
  gan_runtime_folders(folders ${ARGN})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} INSTALL_RPATH "${folders}"
                        BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH_USE_LINK_PATH OFF)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(${name} PRIVATE
    "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;$<$<BOOL:${GAN_WERROR}>:-Werror=all-warnings>;-Xcompiler=-Wall,-Wextra,-ffp-contract=off>")
  target_link_libraries(${name} PRIVATE gan_flags ${ARGN} CUDA::cudart)
  install(TARGETS ${name} LIBRARY DESTINATION lib/gan_dist)
endfunction()

# gan_find_extra(NAME HEADER LIBRARY SONAME): NAME_INCLUDE_DIR and NAME_LIBRARY, of a library that is not in every toolkit: in the folder
# NAME_ROOT or NAME_HOME (a variable, or in the environment: module trees), the toolkit, CMAKE_PREFIX_PATH, the system; the library
# beside its header before all others. SONAME is the file of a PyPI wheel, which has no other.
macro(gan_find_extra name header library soname)
  set(gan_hints ${${name}_ROOT} $ENV{${name}_ROOT} ${${name}_HOME} $ENV{${name}_HOME} $ENV{EBROOT${name}} ${CMAKE_PREFIX_PATH})
  find_path(${name}_INCLUDE_DIR ${header} HINTS ${gan_hints} ENV CPATH ${CUDAToolkit_INCLUDE_DIRS} PATH_SUFFIXES include)
  find_library(${name}_LIBRARY NAMES ${library} ${soname} NAMES_PER_DIR
               HINTS ${${name}_INCLUDE_DIR}/.. ${gan_hints} ENV LIBRARY_PATH ENV LD_LIBRARY_PATH ${CUDAToolkit_LIBRARY_DIR}
               ${CUDAToolkit_TARGET_DIR} PATH_SUFFIXES lib lib64)
endmacro()
