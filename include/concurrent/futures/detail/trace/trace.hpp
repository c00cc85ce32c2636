// SPDX-License-Identifier: BSL-1.0
// A pool's trace: a file in Chrome's trace event format, which chrome://tracing and Perfetto show. An array with one
// event a line, which they read also when its end is missing because the program was killed; times are microseconds of
// the monotonic clock, which all processes share.
//
//   submit   an instant in the thread that submitted
//   queue    "b" and "e", from there until a worker began; each task has an id of its own
//   task     a slice "X" in the worker, with the outcome; one more for each time that the task was run again
//   worker   "B" and "E" around all slices of a worker; the "E" says how it ended
//   names    of processes and threads, as metadata
#pragma once

#include <concurrent/futures/detail/trace/json_string.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/futures/detail/trace/traced_tasks.hpp>
#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/os/descriptor.hpp>
#include <concurrent/os/thread.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

namespace concurrent::futures::inline v0::detail {

/// Notes events, and writes them when somebody calls `flush`, at the latest when there is a mebibyte of them.
class Trace final : public TraceSink {
 public:
  /// Throws std::system_error, which names the path, when the file cannot be written.
  Trace(const std::string& path, const std::string& process_name) : path_(path), process_(::getpid()) {
    file_ = os::above_streams(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file_ < 0 || !write("[\n")) {
      const int error = errno;
      if (file_ >= 0) ::close(file_);
      throw std::system_error(error, std::generic_category(),
                              "concurrent::futures: the trace cannot be written to '" + path + "'");
    }
    try {
      multiprocessing::detail::DescriptorRegistry::instance().add(file_);  // no fork's copy holds it open
      add(metadata("process_name", {process_, process_}, process_name));
    } catch (...) {
      close_file();
      throw;
    }
  }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace() override { Trace::close(); }

  static std::int64_t now() noexcept { return multiprocessing::detail::monotonic_nanoseconds(); }

  void submitted(const void* task, std::string name) noexcept override {
    note([&] {
      mutex_.is_held();
      const TraceThread here{process_, os::thread_id()};
      if (is_new(here.thread)) {
        threads_.push_back(here.thread);
        char own_name[32] = "thread";
        os::get_thread_name(own_name);
        add(metadata("thread_name", here, own_name));
      }
      tasks_.add({task, next_id_++, json_string(name), here, now()});
    });
  }
  void ran(const void* task, TraceThread where, std::int64_t start, std::int64_t end, const char* outcome,
           bool again) noexcept override {
    note([&] {
      mutex_.is_held();
      auto& found = tasks_.find(task);
      if (found == nullptr) return;
      TracedTask& known = *found;
      // What a rogue task has written as its times must not spoil the picture.
      if (end > now()) end = now();
      if (end < known.submitted) end = known.submitted;
      if (start < known.submitted) start = known.submitted;
      if (start > end) start = end;
      queued(known, start, "");
      add("{\"ph\":\"X\",\"cat\":\"task\",\"name\":" + known.name + at(where, start) +
          ",\"dur\":" + microseconds(end - start) + ",\"args\":{\"task\":" + std::to_string(known.id) +
          ",\"outcome\":\"" + outcome + "\"}}");
      if (!again) tasks_.erase(found);
    });
  }
  void ended(const void* task) noexcept override {
    note([&] {
      mutex_.is_held();
      auto& found = tasks_.find(task);
      if (found == nullptr) return;
      queued(*found, now(), ",\"args\":{\"outcome\":\"not run\"}");
      tasks_.erase(found);
    });
  }

  void worker_started(TraceThread where, const std::string& name, std::int64_t since) noexcept override {
    note([&] {
      mutex_.is_held();
      if (where.process != process_) add(metadata("process_name", where, name));
      add(metadata("thread_name", where, name));
      add("{\"ph\":\"B\",\"cat\":\"worker\",\"name\":" + json_string(name) + at(where, since) + "}");
    });
  }
  void worker_ended(TraceThread where, const std::string& name, const std::string& how) noexcept override {
    note([&] {
      mutex_.is_held();
      add("{\"ph\":\"E\",\"cat\":\"worker\",\"name\":" + json_string(name) + at(where, now()) +
          ",\"args\":{\"end\":" + json_string(how) + "}}");
    });
  }

  std::string flush() noexcept override {
    try {
      const multiprocessing::detail::MutexLock file_lock(file_mutex_);
      {
        const multiprocessing::detail::MutexLock lock(mutex_);
        text_.clear();
        text_.swap(noted_);
      }
      if (file_ < 0 || text_.empty()) return {};
      if (write(text_)) return {};
      const int error = errno;
      close_file();
      return "concurrent::futures: the trace '" + path_ +
             "' cannot be written any further: " + std::generic_category().message(error) + ".";
    } catch (...) {
      return {};
    }
  }
  std::string close() noexcept override {
    std::string problem = flush();
    const multiprocessing::detail::MutexLock file_lock(file_mutex_);
    if (file_ >= 0) {
      write("\n]\n");
      close_file();
    }
    return problem;
  }

 private:
  static constexpr std::size_t most_text = std::size_t{1} << 20;

  /// Under the lock; and writes itself if nobody else does.
  template <class Action>
  void note(Action action) noexcept {
    bool full = false;
    try {
      const multiprocessing::detail::MutexLock lock(mutex_);
      action();
      full = noted_.size() > most_text;
    } catch (const std::bad_alloc&) {
    }
    if (full) flush();
  }

  static std::string microseconds(std::int64_t nanoseconds) {
    char text[40];
    std::snprintf(text, sizeof text, "%lld.%03d", static_cast<long long>(nanoseconds / 1000),
                  static_cast<int>(nanoseconds % 1000));
    return text;
  }
  static std::string thread_fields(TraceThread where) {
    return ",\"pid\":" + std::to_string(where.process) + ",\"tid\":" + std::to_string(where.thread);
  }
  static std::string at(TraceThread where, std::int64_t time) {
    return thread_fields(where) + ",\"ts\":" + microseconds(time);
  }
  static std::string metadata(const char* what, TraceThread where, const std::string& name) {
    return std::string("{\"ph\":\"M\",\"name\":\"") + what + "\"" + thread_fields(where) +
           ",\"args\":{\"name\":" + json_string(name) + "}}";
  }
  void queued(TracedTask& task, std::int64_t until, const char* more) CONCURRENT_FUTURES_REQUIRES(mutex_) {
    if (std::exchange(task.was_queued, true)) return;
    const std::string id = std::to_string(task.id);
    const std::string name = ",\"cat\":\"queue\",\"id\":" + id + ",\"name\":" + task.name;
    add("{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"submit\",\"name\":" + task.name + at(task.by, task.submitted) +
        ",\"args\":{\"task\":" + id + "}}");
    add("{\"ph\":\"b\"" + name + at(task.by, task.submitted) + "}");
    add("{\"ph\":\"e\"" + name + at(task.by, until) + more + "}");
  }
  void add(const std::string& event) CONCURRENT_FUTURES_REQUIRES(mutex_) {
    const std::size_t wanted = noted_.size() + event.size() + 2;  // first, so that none is begun and not completed
    if (wanted > noted_.capacity()) noted_.reserve(2 * wanted);
    if (std::exchange(begun_, true)) noted_ += ",\n";
    noted_ += event;
  }

  /// Of the first few hundred threads, whether it is new here.
  bool is_new(pid_t thread) const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    for (const pid_t known : threads_) {
      if (known == thread) return false;
    }
    return threads_.size() < 256;
  }

  void close_file() noexcept CONCURRENT_FUTURES_REQUIRES(file_mutex_) {
    multiprocessing::detail::DescriptorRegistry::instance().close(std::exchange(file_, -1));
  }
  bool write(std::string_view text) noexcept CONCURRENT_FUTURES_REQUIRES(file_mutex_) {
    while (!text.empty()) {
      const ssize_t written = ::write(file_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  const std::string path_;
  const pid_t process_;

  multiprocessing::detail::Mutex file_mutex_;  // taken before the other
  int file_ CONCURRENT_FUTURES_GUARDED_BY(file_mutex_) = -1;
  std::string text_ CONCURRENT_FUTURES_GUARDED_BY(file_mutex_);  // being written

  multiprocessing::detail::Mutex mutex_;
  std::string noted_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  bool begun_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  std::uint64_t next_id_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 1;
  TracedTasks tasks_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::vector<pid_t> threads_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);  // whose name has been noted
};

}  // namespace concurrent::futures::inline v0::detail
