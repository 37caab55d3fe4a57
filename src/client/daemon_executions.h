// What a daemon says over its Unix socket.
#pragma once

#include "client/executions.h"
#include "client/http_client.h"

namespace cordon::client {

class DaemonExecutions final : public Executions {
 public:
  explicit DaemonExecutions(HttpClient http) : http_(std::move(http)) {}

  bool is_live() const override { return true; }
  Result<Listed> list(const ExecutionFilter& filter, const Page& page) override;
  Result<boost::json::object> inspect(const std::string& id) override;
  Result<void> read_output(const std::string& id, Follow follow,
                           const OutputReader& reader) override;
  Result<void> kill(const std::string& id) override;
  Result<void> remove(const std::string& id) override;
  Result<std::uint64_t> prune(std::chrono::nanoseconds older_than) override;
  Result<boost::json::object> stats() override;

 private:
  // One JSON object. Errors: what the daemon refuses, in its words.
  Result<boost::json::object> ask(std::string_view method, const std::string& target) const;
  Result<void> read_rest(const std::string& id, Stream stream, std::uint64_t offset,
                         const OutputReader& reader) const;

  HttpClient http_;
};

}  // namespace cordon::client
