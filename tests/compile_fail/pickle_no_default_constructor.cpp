// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a type with serialize(archive) or load(archive) is made empty and then filled
#include <concurrent/pickle.hpp>

class Account {
 public:
  explicit Account(int balance) : balance_(balance) {}
#ifndef CASE
  Account() = default;
#endif
  template <class Archive>
  void serialize(Archive& archive) {
    archive(balance_);
  }

 private:
  int balance_ = 0;
};

int main() { static_cast<void>(concurrent::pickle::loads<Account>({})); }
