#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace cordon::server {

namespace {

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
  }
  void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    fmt::format_to(std::back_inserter(text_), "{}{} {}\n", name, labels, value);
  }
  void single(std::string_view name, std::string_view type, std::string_view help,
              std::uint64_t value) {
    family(name, type, help);
    sample(name, {}, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

void HttpMetrics::answered(int status) {
  const auto place = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
  classes_[place].fetch_add(1, std::memory_order_relaxed);
}

std::string render_metrics(const ManagerStats& stats, const HttpMetrics& http,
                           std::size_t connections) {
  Page page;
  page.family("cordon_executions_total", "counter", "Executions that ended, by how.");
  page.sample("cordon_executions_total", "{status=\"completed\"}", stats.completed);
  page.sample("cordon_executions_total", "{status=\"failed\"}", stats.failed);
  page.sample("cordon_executions_total", "{status=\"timeout\"}", stats.timed_out);
  page.sample("cordon_executions_total", "{status=\"killed\"}", stats.killed);
  page.family("cordon_refused_total", "counter", "Requests that were not taken on.");
  page.sample("cordon_refused_total", "{reason=\"quota\"}", stats.refused_quota);
  page.sample("cordon_refused_total", "{reason=\"unavailable\"}", stats.refused_unavailable);
  page.single("cordon_executions_running", "gauge", "Executions that run now.", stats.running);
  page.single("cordon_executions_queued", "gauge", "Executions that wait for their turn.",
              stats.queued);
  page.single("cordon_executions_running_max", "gauge", "How many may run at a time.",
              stats.max_running);
  page.single("cordon_executions_queued_max", "gauge", "How many may wait at a time.",
              stats.max_queued);
  page.single("cordon_store_failures_total", "counter", "Records that could not be written.",
              stats.store_failures);
  page.single("cordon_store_executions", "gauge", "Executions in the store.",
              stats.stored_executions);
  page.single("cordon_store_output_bytes", "gauge", "Output in the store.",
              stats.stored_output_bytes);
  page.single("cordon_draining", "gauge", "1 while the daemon ends.", stats.draining ? 1 : 0);
  page.single("cordon_http_connections", "gauge", "Open connections.", connections);
  page.family("cordon_http_responses_total", "counter", "Answers by class of status.");
  for (int hundreds = 1; hundreds <= 5; ++hundreds) {
    page.sample("cordon_http_responses_total", fmt::format("{{code=\"{}xx\"}}", hundreds),
                http.answers(hundreds));
  }
  return page.take();
}

}  // namespace cordon::server
