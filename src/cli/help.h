// The pages of --help.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace cordon::cli {

struct Page {
  std::string_view usage;  // one line a form
  std::string_view about;  // what it does
  std::span<const OptionSpec> options;
  std::string_view closing;  // examples, exit status
};

Page run_page();
Page policy_page();
Page policy_show_page();
Page policy_check_page();
Page policy_schema_page();
Page doctor_page();
Page explain_page();
Page learn_page();
Page main_page();

// As it is printed, at most 80 columns wide.
std::string format_page(const Page& page);

}  // namespace cordon::cli
