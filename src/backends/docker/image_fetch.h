// An image that must be there before something is made of it.
#pragma once

#include "cordon/backend.h"
#include "cordon/error.h"
#include "engine/client.h"

namespace cordon::docker {

// As ImagePull::policy says. Errors: NotFound: it is not there and none is to be fetched; those of
// Client::pull().
Result<void> fetch_image(const engine::Client& client, const ImagePull& pull);

}  // namespace cordon::docker
