// Which executions a filter means, and one page of them.
#pragma once

#include <vector>

#include "cordon/execution_record.h"

namespace cordon {

// Errors: InvalidArgument, what of it is wrong.
Result<void> check(const ExecutionFilter& filter, const Page& page);

// As `caller` may ask: others than administrators see theirs, whatever the filter says.
ExecutionFilter restricted(ExecutionFilter filter, const Caller& caller);

bool matches(const ExecutionFilter& filter, const ExecutionRecord& record);

// The records of both, newest first, each id once (`first` has the last word), cut to the page.
// Both are sorted, without those that the page is not about, and longer than the page where there
// is more.
ExecutionList merge(std::vector<ExecutionRecord> first, std::vector<ExecutionRecord> second,
                    const Page& page);

}  // namespace cordon
