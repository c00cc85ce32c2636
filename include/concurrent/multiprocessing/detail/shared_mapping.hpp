// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/shared_name.hpp>
#include <concurrent/os/memory_file.hpp>

#include <boost/interprocess/mapped_region.hpp>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A piece of shared memory as this process has it mapped: once, however many handles there are.
class SharedMapping {
 public:
  /// Makes memory of `size` zeros. Throws std::system_error.
  static std::shared_ptr<SharedMapping> create(std::uint64_t size);
  /// The memory of that name: the mapping that this process has, or a new one. Throws as open_shared_memory does.
  static std::shared_ptr<SharedMapping> open(const SharedName& name);

  using Region = std::unique_ptr<boost::interprocess::mapped_region>;

  SharedMapping(Descriptor descriptor, const SharedName& name, Region region = nullptr)
      : descriptor_(std::move(descriptor)),
        name_(name),
        stays_(region != nullptr),
        region_(region ? std::move(region) : map(descriptor_.get(), name)) {}
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;
  ~SharedMapping();

  std::byte* data() const noexcept { return static_cast<std::byte*>(region_->get_address()); }
  std::size_t size() const noexcept { return static_cast<std::size_t>(name_.size); }
  const SharedId& id() const noexcept { return name_.id; }
  /// The memory stays where it is for as long as this process lives, also when the last handle has let go of the
  /// descriptor; who opens it again finds it there.
  void stay_mapped();
  /// As another process finds it, by way of this one. A forked child has the same descriptor, and says its own pid.
  SharedName name() const noexcept {
    SharedName name = name_;
    name.pid = ::getpid();
    name.descriptor = descriptor_.get();
    return name;
  }

 private:
  /// What Boost.Interprocess maps: anything that tells a descriptor.
  struct Mappable {
    int descriptor;
    boost::interprocess::mapping_handle_t get_mapping_handle() const noexcept { return {descriptor, false}; }
  };
  static Region map(int descriptor, const SharedName& name) {
    try {
      return std::make_unique<boost::interprocess::mapped_region>(Mappable{descriptor}, boost::interprocess::read_write,
                                                                  0, SharedTrailer::end(name.size));
    } catch (const boost::interprocess::interprocess_exception& error) {
      throw_errno(error.get_native_error(), "mmap of shared memory");
    }
  }

  Descriptor descriptor_;
  SharedName name_;
  std::atomic<bool> stays_;
  Region region_;
};

/// All that this process has mapped, also what it inherited.
class SharedMappings {
 public:
  static SharedMappings& instance() {
    static SharedMappings* const mappings = new SharedMappings;  // never destroyed: handles may be globals
    return *mappings;
  }

  /// The mapping that this process has: with a handle, or one that has stayed, which takes the `descriptor` then. Where
  /// there is neither, notes `fresh`, which may be null, and returns it.
  ///
  /// At no instant does one that stays have a second one beside it: threads have been noted by where it lies.
  std::shared_ptr<SharedMapping> find(const SharedName& name, Descriptor* descriptor,
                                      const std::shared_ptr<SharedMapping>& fresh) {
    for (;;) {
      if (const auto [settled, mapping] = look(name, descriptor, fresh); settled) return mapping;
      ::sched_yield();
    }
  }
  /// From now on it is to stay.
  void keep(const SharedMapping& mapping) {
    const MutexLock lock(mutex_);
    static_cast<void>(stay_[mapping.id()]);
  }
  /// The last handle has gone, and with it the mapping, unless it is to stay.
  void forget(const SharedId& id, bool stays, SharedMapping::Region& region) noexcept {
    const MutexLock lock(mutex_);
    if (stays) {
      SharedMapping::Region& left = stay_.find(id)->second;
      if (left)
        static_cast<void>(region.release());  // threads have been noted by where this one lies, too
      else
        left = std::move(region);
    }
    const auto found = mappings_.find(id);
    if (found != mappings_.end() && found->second.expired()) mappings_.erase(found);
  }

 private:
  SharedMappings() {
    // Held over every fork, so that the child finds it free and the map whole.
    ::pthread_atfork([]() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.lock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.unlock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS {
                       // A thread that the child has not was about to let go of these.
                       std::erase_if(instance().mappings_, [](const auto& noted) { return noted.second.expired(); });
                       instance().mutex_.unlock();
                     });
  }

  /// Not settled: another thread is about to let go of it.
  std::pair<bool, std::shared_ptr<SharedMapping>> look(const SharedName& name, Descriptor* descriptor,
                                                       const std::shared_ptr<SharedMapping>& fresh) {
    const MutexLock lock(mutex_);
    const auto noted = mappings_.find(name.id);
    if (noted != mappings_.end()) {
      if (std::shared_ptr<SharedMapping> known = noted->second.lock()) return {true, std::move(known)};
      return {false, nullptr};
    }
    std::shared_ptr<SharedMapping> mapping = fresh;
    const auto left = stay_.find(name.id);
    if (left != stay_.end() && left->second) {
      if (descriptor == nullptr) return {true, nullptr};
      // Nothing may fail once it has its region: letting go of it takes the mutex.
      const auto place = mappings_.try_emplace(name.id).first;
      try {
        mapping = std::make_shared<SharedMapping>(std::move(*descriptor), name, std::move(left->second));
      } catch (...) {
        mappings_.erase(place);
        throw;
      }
      place->second = mapping;
    } else if (mapping) {
      mappings_[name.id] = mapping;
    }
    return {true, std::move(mapping)};
  }

  Mutex mutex_;
  std::map<SharedId, std::weak_ptr<SharedMapping>> mappings_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  // Those that stay mapped: null while there is a handle.
  std::map<SharedId, SharedMapping::Region> stay_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

inline std::shared_ptr<SharedMapping> SharedMapping::create(std::uint64_t size) {
  const std::uint64_t all = SharedTrailer::end(size);
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && all > limit.rlim_cur)
    throw_errno(EFBIG, "ftruncate of shared memory");  // the attempt would be answered with SIGXFSZ
  Descriptor descriptor = make_memfd(shared_memory_file);
  while (::ftruncate(descriptor.get(), static_cast<off_t>(all)) != 0) {
    if (errno != EINTR) throw_errno(errno, "ftruncate of shared memory");
  }
  SharedName name;
  name.id = draw_shared_id();
  name.size = size;
  SharedTrailer trailer;
  trailer.size = size;
  trailer.id = name.id;
  if (::pwrite(descriptor.get(), &trailer, sizeof trailer, static_cast<off_t>(SharedTrailer::offset(size))) !=
      static_cast<ssize_t>(sizeof trailer)) {
    throw_errno(errno, "write of shared memory");
  }
  if (!os::seal_size(descriptor.get())) throw_errno(errno, "sealing of shared memory");
  const auto mapping = std::make_shared<SharedMapping>(std::move(descriptor), name);
  return SharedMappings::instance().find(name, nullptr, mapping);
}

inline std::shared_ptr<SharedMapping> SharedMapping::open(const SharedName& name) {
  const auto checked = [&name](std::shared_ptr<SharedMapping> known) {
    if (known->size() != name.size) refuse_shared(name, "has it with another size. These bytes are damaged.");
    return known;
  };
  SharedMappings& all = SharedMappings::instance();
  if (std::shared_ptr<SharedMapping> known = all.find(name, nullptr, nullptr)) return checked(std::move(known));
  // The descriptor is opened and the memory mapped outside of the lock; where two threads do so, one was for nothing.
  Descriptor descriptor = open_shared_memory(name);
  if (std::shared_ptr<SharedMapping> stayed = all.find(name, &descriptor, nullptr)) return checked(std::move(stayed));
  const auto mapping = std::make_shared<SharedMapping>(std::move(descriptor), name);
  return checked(all.find(name, &mapping->descriptor_, mapping));
}

inline void SharedMapping::stay_mapped() {
  if (stays_.load(std::memory_order_relaxed)) return;
  SharedMappings::instance().keep(*this);
  stays_.store(true, std::memory_order_relaxed);
}

inline SharedMapping::~SharedMapping() {
  SharedMappings::instance().forget(name_.id, stays_.load(std::memory_order_relaxed), region_);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
