# policies/default.toml becomes a table in the library.
set(default_policy ${CMAKE_CURRENT_BINARY_DIR}/default_policy.inc)
add_custom_command(OUTPUT ${default_policy}
  COMMAND embed_policy ${PROJECT_SOURCE_DIR}/policies/default.toml ${default_policy}
  DEPENDS embed_policy ${PROJECT_SOURCE_DIR}/policies/default.toml)
set_property(SOURCE default_policy.cc APPEND PROPERTY OBJECT_DEPENDS ${default_policy})
target_sources(cordon_policy PRIVATE ${default_policy})
target_include_directories(cordon_policy PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
