#include "devenv/env_names.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/image_name.h"

namespace cordon::devenv {
namespace {

TEST(EnvNames, AreValidForAnyProjectAndNeverTheSame) {
  std::set<std::string> seen;
  for (const std::string& path :
       {std::string("/srv/project"), std::string("/home/project"), std::string("/srv/Project"),
        std::string("/srv/pro ject"), std::string("/srv/pro-ject"), std::string("/"),
        std::string("/srv/..."), std::string("/srv/\xff\xfe"), std::string("/srv/Ünï"),
        "/srv/" + std::string(300, 'x'), "/srv/" + std::string(300, 'x') + "y",
        std::string("/srv/-a-"), std::string("/srv/a:b@c/d"), std::string("/srv/__a__")}) {
    const std::string id = env_id(path, "Dockerfile");
    const std::string name = image_repository(path, id);
    EXPECT_TRUE(engine::parse_image_name(name + ":0123456789abcdef")) << name;
    EXPECT_FALSE(name.contains("--")) << name;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_NE(env_id("/a", "b"), env_id("/ab", ""));
  EXPECT_NE(env_id("/a", "Dockerfile"), env_id("/a", "dev.Dockerfile"));
}

}  // namespace
}  // namespace cordon::devenv
