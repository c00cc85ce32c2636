// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <thread>
#include <utility>

namespace support {

/// std::jthread without its stop token, for standard libraries that have neither: LLVM's before 20.
class JoiningThread {
 public:
  template <class Body>
  explicit JoiningThread(Body&& body) : thread_(std::forward<Body>(body)) {}
  JoiningThread(const JoiningThread&) = delete;
  JoiningThread& operator=(const JoiningThread&) = delete;
  ~JoiningThread() {
    if (thread_.joinable()) thread_.join();
  }

  void join() { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace support
