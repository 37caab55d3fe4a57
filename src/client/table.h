// Executions as `cordon ps` shows them to people.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <string>

namespace cordon::client {

struct TableForm {
  std::chrono::system_clock::time_point now{};
  std::size_t width = 0;  // lines are cut there; 0: nowhere
  bool whole = false;     // ids as they are
};

// "3 minutes ago"; "now" for less than a second, and for what lies ahead.
std::string ago(std::chrono::nanoseconds age);

// A word for a shell each, with nothing that a terminal would obey.
std::string command_line(const boost::json::object& execution);

// Lines with their ends.
std::string table_head();
std::string table_row(const boost::json::object& execution, const TableForm& form);

}  // namespace cordon::client
