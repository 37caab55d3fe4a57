#policies / default.toml becomes a table in the library.
set(default_policy ${CMAKE_CURRENT_BINARY_DIR}/default_policy.inc)
add_custom_command(OUTPUT ${default_policy}
  COMMAND embed_policy ${PROJECT_SOURCE_DIR}/policies/default.toml ${default_policy}
  DEPENDS embed_policy ${PROJECT_SOURCE_DIR}/policies/default.toml)
set_property(SOURCE default_policy.cc APPEND PROPERTY OBJECT_DEPENDS ${default_policy})
target_sources(cordon_policy PRIVATE ${default_policy})
target_include_directories(cordon_policy PRIVATE ${CMAKE_CURRENT_BINARY_DIR})

file(GLOB embedded_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/policies/presets/*.toml
     ${PROJECT_SOURCE_DIR}/policies/packs/*.toml)
set(embedded_policies ${CMAKE_CURRENT_BINARY_DIR}/embedded_policies.inc)
add_custom_command(OUTPUT ${embedded_policies}
  COMMAND embed_documents ${embedded_policies} ${embedded_sources}
  DEPENDS embed_documents ${embedded_sources})
set_property(SOURCE embedded.cc APPEND PROPERTY OBJECT_DEPENDS ${embedded_policies})
target_sources(cordon_policy PRIVATE ${embedded_policies})
