# How the program finds CUDA, and what it says where CUDA does not work: the real search and loading of modules (module.c), with the
# module made of the stand-in, a libcuda.so.1 of the test's own, and /dev/nvidiactl as the test wants it.
add_library(program_objects OBJECT ${program_sources} cuda/control_here.c)
target_include_directories(program_objects PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(program_objects PUBLIC gan_out gan_optim gan_step gan_model gan_backend gan_data gan_comm gan_config gan_base)

# driver_program(NAME SOURCES...): in a folder of its own, where its module is; it does not find that of the build.
function(driver_program name)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON BUILD_RPATH ""
                        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/backend)
  target_link_options(${name} PRIVATE -Wl,--wrap=open)
  target_link_libraries(${name} PRIVATE program_objects)
endfunction()
driver_program(program_with_cuda ${PROJECT_SOURCE_DIR}/src/backend/table.c ${PROJECT_SOURCE_DIR}/src/backend/cuda/module.c)
target_compile_definitions(program_with_cuda PRIVATE GAN_CUDA)
driver_program(program_without_cuda ${PROJECT_SOURCE_DIR}/src/backend/table.c)

file(GLOB module_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.c ${PROJECT_SOURCE_DIR}/src/backend/cuda/*.cu)
list(FILTER module_sources EXCLUDE REGEX "/(module|conv_cudnn)\\.c$")
set_target_properties(cudasim PROPERTIES POSITION_INDEPENDENT_CODE ON)
add_library(cuda_module_on_cudasim MODULE ${module_sources})
set_target_properties(cuda_module_on_cudasim PROPERTIES OUTPUT_NAME gan_cuda CXX_STANDARD 17
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/program_with_cuda)
target_include_directories(cuda_module_on_cudasim BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/cudasim/include)
target_include_directories(cuda_module_on_cudasim PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/backend)
target_compile_definitions(cuda_module_on_cudasim PRIVATE $<$<COMPILE_LANGUAGE:CXX>:GAN_CUDASIM>)
target_link_libraries(cuda_module_on_cudasim PRIVATE gan_flags cudasim)

# In the folder `driver`, libcuda.so.1; in `needy` a module whose library is not found.
add_library(cuda_driver SHARED cuda/driver_here.c)
set_target_properties(cuda_driver PROPERTIES OUTPUT_NAME cuda SOVERSION 1 LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/driver)
add_library(gan_gone SHARED cuda/needy.c)
target_compile_definitions(gan_gone PRIVATE GAN_GONE)
add_library(cuda_needy MODULE cuda/needy.c)
set_target_properties(cuda_needy PROPERTIES OUTPUT_NAME gan_cuda SKIP_BUILD_RPATH ON
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/needy)
target_link_libraries(cuda_needy PRIVATE gan_gone)

cuda_script(driver $<TARGET_FILE:program_with_cuda> $<TARGET_FILE:program_without_cuda> ${CMAKE_CURRENT_BINARY_DIR}/driver
            $<TARGET_FILE:cuda_needy> $<$<BOOL:${GAN_MPI}>:mpi>)
set_tests_properties(cuda.driver PROPERTIES ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
