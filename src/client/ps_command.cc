#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <limits>
#include <string>

#include "client/commands.h"
#include "client/table.h"
#include "client/write_out.h"
#include "core/printable.h"
#include "core/try.h"

namespace cordon::client {

namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 200;

// Of the terminal that standard output is; 0: it is none.
std::size_t screen_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

class Printer {
 public:
  explicit Printer(const ClientOptions& options) : options_(options) {
    form_.now = std::chrono::system_clock::now();
    form_.width = screen_width();
    form_.whole = options.whole;
  }

  std::string head() const {
    if (options_.json) return "[";
    return options_.quiet ? "" : table_head();
  }

  std::string row(const json::object& execution) {
    if (options_.json) {
      const std::string separator = first_ ? "\n" : ",\n";
      first_ = false;
      return separator + printable(json::serialize(execution));
    }
    if (!options_.quiet) return table_row(execution, form_);
    const auto* const id = execution.if_contains("id");
    if (!id || !id->is_string()) return "";
    return printable({id->get_string().data(), id->get_string().size()}) + "\n";
  }

  std::string tail() const {
    if (!options_.json) return "";
    return first_ ? "]\n" : "\n]\n";
  }

 private:
  const ClientOptions& options_;
  TableForm form_;
  bool first_ = true;
};

}  // namespace

Result<int> run_ps(const ClientOptions& options) {
  ExecutionFilter filter = options.filter;
  if (filter.statuses.empty() && !options.all) {
    filter.statuses = {ExecutionStatus::Pending, ExecutionStatus::Running};
  }
  auto executions = TRY(connect(options.places));
  Printer printer(options);
  std::string text = printer.head();
  std::size_t left = options.last.value_or(std::numeric_limits<std::size_t>::max());
  Page page;
  while (left > 0) {
    page.size = std::min(left, kPage);
    const Listed listed = TRY(executions->list(filter, page));
    for (const json::object& execution : listed.executions) text += printer.row(execution);
    if (executions->is_live()) {
      TRY(write_out(text));
      text.clear();
    }
    left -= std::min(left, listed.executions.size());
    page.before = listed.next;
    if (listed.next.empty()) break;
  }
  executions.reset();
  TRY(write_out(text + printer.tail()));
  return 0;
}

}  // namespace cordon::client
