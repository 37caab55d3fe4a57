// A sandbox of any backend whose command ends when a meter says that its work directory is full.
#pragma once

#include <memory>

#include "cordon/backend.h"
#include "jobs/disk_meter.h"

namespace cordon::jobs {

// The meter must outlive what is made here.
std::unique_ptr<Sandbox> metered(std::unique_ptr<Sandbox> sandbox, const DiskMeter& meter);

}  // namespace cordon::jobs
