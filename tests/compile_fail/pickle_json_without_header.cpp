// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a type of nlohmann's JSON. #include <concurrent/pickle/nlohmann_json.hpp>
// expect: nlohmann::json
// A type of that library's (or one that looks so) without the header for it.
#include <concurrent/futures.hpp>
#include <string>

namespace cf = concurrent::futures;

namespace nlohmann {
class json {
 public:
  std::string dump() const { return text_; }

 private:
  std::string text_{};
};
}  // namespace nlohmann

std::size_t size_of(const nlohmann::json& json) { return json.dump().size(); }
std::size_t size_of_text(const std::string& json) { return json.size(); }

int main() {
  cf::ProcessPoolExecutor pool(2);
  nlohmann::json json;
#ifdef CASE
  std::size_t size = pool.submit(size_of, json).result();
#else
  std::size_t size = pool.submit(size_of_text, json.dump()).result();
#endif
  return static_cast<int>(size);
}
