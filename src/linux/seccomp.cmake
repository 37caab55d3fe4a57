# The system call filters: policies/seccomp.toml, compiled for the target's architecture into a header.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(seccomp_architecture x86_64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(seccomp_architecture aarch64)
else()
  message(FATAL_ERROR "No system call filter for ${CMAKE_SYSTEM_PROCESSOR}: Cordon knows x86_64 and aarch64")
endif()

set(seccomp_policy ${PROJECT_SOURCE_DIR}/policies/seccomp.toml)
set(seccomp_generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${seccomp_generated})
add_custom_command(
  OUTPUT ${seccomp_generated}/seccomp_filters.h ${seccomp_generated}/default_profile.inc
  COMMAND compile_seccomp ${seccomp_policy} ${seccomp_architecture} ${seccomp_generated}/seccomp_filters.h
          ${seccomp_generated}/default_profile.inc
  DEPENDS compile_seccomp ${seccomp_policy}
  COMMENT "Compiling the system call filters"
  VERBATIM)
target_sources(cordon_linux PRIVATE ${seccomp_generated}/seccomp_filters.h)
set_property(SOURCE default_profile.cc APPEND PROPERTY OBJECT_DEPENDS ${seccomp_generated}/default_profile.inc)
target_include_directories(cordon_linux PRIVATE ${seccomp_generated})

# For the filters of others, which are compiled at run time.
target_link_libraries(cordon_linux PRIVATE cordon_seccomp Boost::json)

# The tests read the policy themselves and hold the compiled filters against it.
if(TARGET test_linux)
  find_package(tomlplusplus REQUIRED)
  target_link_libraries(test_linux PRIVATE cordon_seccomp tomlplusplus::tomlplusplus)
  target_compile_definitions(test_linux PRIVATE CORDON_SECCOMP_POLICY="${seccomp_policy}")
endif()
