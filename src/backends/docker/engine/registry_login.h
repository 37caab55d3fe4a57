// Who Cordon is to a registry: what `docker login` wrote down. Programs that keep logins
// (credsStore, credHelpers) are never run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

struct RegistryLogin {
  std::string server;
  std::string user;
  std::string password;
  std::string identity_token;  // in place of both

  // The value of X-Registry-Auth.
  std::string header() const;
};

struct LoginSearch {
  std::optional<RegistryLogin> login;
  bool helper = false;  // a program is said to keep it
};

// `config` is the text of config.json; `registry` a host as images' names have it, or an address as
// the engine says that of its own ("https://HOST/v1/"). Errors: InvalidArgument: it cannot be read.
Result<LoginSearch> find_login(std::string_view config, std::string_view registry);

// The text of $DOCKER_CONFIG/config.json, else ~/.docker/config.json; empty where there is none.
// Errors: those of reading; InvalidArgument: no regular file, beyond 1 MiB.
Result<std::string> read_docker_config();

}  // namespace cordon::engine
