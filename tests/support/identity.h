// Becoming somebody else in a forked child.
#pragma once

#include <sys/types.h>

#include "support/program.h"

namespace cordon::test {

// An ordinary user that exists nowhere but here, another one for each test program: signals and
// process counts of tests that run side by side must not meet. The caller itself when it is not
// root.
uid_t ordinary_user();

// A user namespace, made by that user, whose limit of further ones is zero: everything inside is
// forbidden to make one, as on a host that switches them off, and nothing outside is changed. The
// same for the whole life of this process, so that a sandbox and its victims share it as they would
// share a host.
int forbidding_namespace(uid_t user);

// For the child of a fork only: exits with 118 when it cannot.
void assume(Identity identity, uid_t user, int name_space);

// Whether an ordinary user of this host may create user namespaces at all.
bool ordinary_user_has_namespaces();

}  // namespace cordon::test
