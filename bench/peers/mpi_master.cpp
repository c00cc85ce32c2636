// SPDX-License-Identifier: BSL-1.0
// The same questions put to MPI: a master that hands empty tasks to polling workers and keeps a future, here a byte,
// for each. Prints lines "name value".
//
//   mpirun -n 3 mpi_master burst | burst_deep | round_trip | payload
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

void empty() {}
void (*const functions[])() = {empty};

/// A function is named by its place in a table: addresses differ between processes.
struct Call {
  std::size_t function;
  std::size_t index;
};
constexpr int call_tag = 1;
constexpr int end_tag = 2;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void work() {
  for (;;) {
    Call call;
    MPI_Status status;
    MPI_Recv(&call, sizeof call, MPI_BYTE, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    if (status.MPI_TAG == end_tag) return;
    functions[call.function]();
    MPI_Send(&call.index, sizeof call.index, MPI_BYTE, 0, call_tag, MPI_COMM_WORLD);
  }
}

/// Keeps `depth` calls under way with each worker, so that none waits for the master's answer.
double burst(std::size_t tasks, int workers, int depth) {
  std::vector<char> done(tasks, 0);
  std::size_t sent = 0;
  const auto send = [&](int worker) {
    if (sent == tasks) return;
    const Call call{0, sent++};
    MPI_Send(&call, sizeof call, MPI_BYTE, worker, call_tag, MPI_COMM_WORLD);
  };
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < depth; ++i) {
    for (int worker = 1; worker <= workers; ++worker) send(worker);
  }
  for (std::size_t received = 0; received < tasks; ++received) {
    std::size_t index = 0;
    MPI_Status status;
    MPI_Recv(&index, sizeof index, MPI_BYTE, MPI_ANY_SOURCE, call_tag, MPI_COMM_WORLD, &status);
    done[index] = 1;
    send(status.MPI_SOURCE);
  }
  const double seconds = seconds_since(start);
  if (std::count(done.begin(), done.end(), 1) != static_cast<std::ptrdiff_t>(tasks)) MPI_Abort(MPI_COMM_WORLD, 1);
  return seconds;
}

void round_trips(std::size_t count, int workers) {
  std::vector<double> microseconds;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Call call{0, i};
    std::size_t index = 0;
    MPI_Send(&call, sizeof call, MPI_BYTE, 1 + static_cast<int>(i) % workers, call_tag, MPI_COMM_WORLD);
    MPI_Recv(&index, sizeof index, MPI_BYTE, MPI_ANY_SOURCE, call_tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    microseconds.push_back(seconds_since(start) * 1e6);
  }
  std::sort(microseconds.begin(), microseconds.end());
  std::printf("p50_us %g\np99_us %g\n", microseconds[count / 2], microseconds[count * 99 / 100]);
}

/// 64 MiB to a worker, which answers with their number.
void payload(int rank) {
  constexpr int count = 15;
  std::vector<char> data(std::size_t{64} << 20, 1);
  std::vector<double> seconds;
  for (int i = 0; i <= count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    std::size_t size = data.size();
    if (rank == 0) {
      MPI_Send(data.data(), static_cast<int>(size), MPI_BYTE, 1, call_tag, MPI_COMM_WORLD);
      MPI_Recv(&size, sizeof size, MPI_BYTE, 1, call_tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (i != 0) seconds.push_back(seconds_since(start));  // the first touches the pages
    } else if (rank == 1) {
      MPI_Recv(data.data(), static_cast<int>(size), MPI_BYTE, 0, call_tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(&size, sizeof size, MPI_BYTE, 0, call_tag, MPI_COMM_WORLD);
    }
  }
  if (rank != 0) return;
  std::sort(seconds.begin(), seconds.end());
  std::printf("argument/64MiB %g\n", static_cast<double>(data.size()) / seconds[count / 2] / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char* question = argc > 1 ? argv[1] : "";
  if (std::strcmp(question, "payload") == 0) {
    payload(rank);
  } else if (rank != 0) {
    work();
  } else {
    const int workers = size - 1;
    burst(10'000, workers, 2);
    if (std::strcmp(question, "burst") == 0) {
      constexpr std::size_t tasks = 1'000'000;
      std::printf("tasks_per_second %g\n", static_cast<double>(tasks) / burst(tasks, workers, 2));
    } else if (std::strcmp(question, "burst_deep") == 0) {
      constexpr std::size_t tasks = 1'000'000;
      std::printf("tasks_per_second %g\n", static_cast<double>(tasks) / burst(tasks, workers, 32));
    } else if (std::strcmp(question, "round_trip") == 0) {
      round_trips(20'000, workers);
    }
    for (int worker = 1; worker < size; ++worker) {
      const Call end{};
      MPI_Send(&end, sizeof end, MPI_BYTE, worker, end_tag, MPI_COMM_WORLD);
    }
  }
  MPI_Finalize();
  return 0;
}
