// SPDX-License-Identifier: BSL-1.0
// Workers move money between accounts under one lock, and are killed at random while they do. Whoever gets the lock of
// a dead holder is told, and finishes what it had noted. Not a cent is lost, and nobody waits for ever.
//
// prints:
//   transfers that were not interrupted and those that were: 400
//   all accounts together, as at the beginning: 8000
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

// What is about to happen stands here before it happens, so that a half of it can be put right.
struct Transfer {
  bool under_way = false;
  std::size_t from = 0, to = 0;
  long from_after = 0, to_after = 0;
};

struct Bank {
  mp::Lock lock;
  mp::Array<long> accounts;
  mp::Array<Transfer> log;
};

void finish(const Bank& bank) {
  Transfer& transfer = bank.log[0];
  if (!transfer.under_way) return;
  bank.accounts[transfer.from] = transfer.from_after;
  bank.accounts[transfer.to] = transfer.to_after;
  transfer.under_way = false;
}

void move_money(const Bank& bank, int i) {
  if (bank.lock.acquire() == mp::Acquired::owner_died) finish(bank);
  const auto from = static_cast<std::size_t>(i) % bank.accounts.size();
  const std::size_t to = (from + 3) % bank.accounts.size();
  bank.log[0] = {false, from, to, bank.accounts[from] - 7, bank.accounts[to] + 7};
  bank.log[0].under_way = true;
  bank.accounts[from] -= 7;
  if (i % 40 == 13) std::raise(SIGKILL);  // between the two halves
  bank.accounts[to] += 7;
  bank.log[0].under_way = false;
  bank.lock.release();
}

int main() {
  const Bank bank{mp::Lock(), mp::Array<long>(8, 1000), mp::Array<Transfer>(1)};
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});  // of the dead workers
  int done = 0;
  int killed = 0;
  {
    cf::ProcessPoolExecutor pool({.max_workers = 3, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
    std::vector<cf::Future<void>> transfers;
    for (int i = 0; i < 400; ++i) transfers.push_back(pool.submit(move_money, bank, i));
    for (const auto& transfer : transfers) {
      try {
        transfer.result();
        ++done;
      } catch (const cf::WorkerDied&) {
        ++killed;
      }
    }
  }
  if (bank.lock.acquire() == mp::Acquired::owner_died) finish(bank);
  if (killed != 10) return EXIT_FAILURE;
  std::printf("transfers that were not interrupted and those that were: %d\n", done + killed);
  std::printf("all accounts together, as at the beginning: %ld\n",
              std::accumulate(bank.accounts.begin(), bank.accounts.end(), 0L));
}
