// The pages of --help.
#pragma once

#include "cli/help.h"

namespace cordon::client {

cli::Page ps_page();
cli::Page logs_page();
cli::Page kill_page();
cli::Page inspect_page();
cli::Page rm_page();
cli::Page prune_page();
cli::Page stats_page();

}  // namespace cordon::client
