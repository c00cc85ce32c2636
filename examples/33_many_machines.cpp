// SPDX-License-Identifier: BSL-1.0
// The same program on one machine or on many: start it by itself, or with
//   mpirun -n 8 --map-by ppr:1:node --bind-to none ./33_many_machines
//   srun --nodes=8 --ntasks-per-node=1 --mpi=pmix ./33_many_machines
//
// A sweep over the parameters of a model, some of which are impossible and crash the code that is to try them. A crash
// costs its own result, on whichever machine it happens, and the sweep goes on.
//
// prints:
//   199 of 200 settings could be tried
//   the best: damping 0.75, stiffness 40
//   a crash at damping 1.00, stiffness 0
#include <concurrent/futures.hpp>
#include <concurrent/futures/mpi.hpp>
#include <concurrent/multiprocessing.hpp>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

struct Setting {
  double damping;
  int stiffness;
};

double error_of(const Setting& setting) {
  if (setting.stiffness == 0 && setting.damping >= 1.0) std::raise(SIGFPE);  // as a division in old code might
  return std::abs(setting.damping - 0.75) + std::abs(setting.stiffness - 40) / 100.0;
}

int main(int argc, char** argv) {
  concurrent::multiprocessing::freeze_support(argc, argv);  // ranks other than 0 become agents here
  cf::MPIPoolExecutor pool({.on_worker_death = cf::WorkerDeathPolicy::fail_task});

  std::vector<Setting> settings;
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 10; ++k) settings.push_back({k < 8 ? k * 0.125 : k == 8 ? 0.9 : 1.0, i * 5});
  }
  std::vector<cf::Future<double>> errors;
  for (const Setting& setting : settings) errors.push_back(pool.submit(error_of, setting));

  int tried = 0;
  std::size_t best = 0;
  double smallest = 1e9;
  std::size_t crashed = 0;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    try {
      const double error = errors[i].result();
      ++tried;
      if (error < smallest) {
        smallest = error;
        best = i;
      }
    } catch (const cf::WorkerDied&) {
      crashed = i;
    }
  }
  std::printf("%d of %zu settings could be tried\n", tried, settings.size());
  std::printf("the best: damping %.2f, stiffness %d\n", settings[best].damping, settings[best].stiffness);
  std::printf("a crash at damping %.2f, stiffness %d\n", settings[crashed].damping, settings[crashed].stiffness);
}
