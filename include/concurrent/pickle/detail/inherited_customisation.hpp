// SPDX-License-Identifier: BSL-1.0
// Whether what says how a class is pickled is a base class's, which knows nothing of the members that were added.
#pragma once

#include <concurrent/pickle/access.hpp>
#include <concurrent/pickle/archive.hpp>
#include <concurrent/pickle/detail/customisation.hpp>
#include <concurrent/pickle/detail/type_name.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

// ---- members

// Takes a pointer to a member function, of which there may be one for each archive. C is the class that declares it.
template <class Archive>
struct AskOwner {
  template <class Function, class C>
  Types<C> operator()(Function C::*) const;
  template <class R, class C>
  Types<C> operator()(R (C::*)(Archive&)) const;
  template <class R, class C>
  Types<C> operator()(R (C::*)(Archive&) const) const;
  template <class R, class C>
  Types<C> operator()(R (C::*)(Archive&, unsigned)) const;
  template <class R, class C>
  Types<C> operator()(R (C::*)(Archive&, unsigned) const) const;
};

// Where nobody can tell, as of several templates of one name, T itself.
template <class T>
consteval auto owner_of_serialize() {
  if constexpr (requires { Access::ask_serialize<T, OutputArchive>(AskOwner<OutputArchive>()); }) {
    return Access::ask_serialize<T, OutputArchive>(AskOwner<OutputArchive>());
  } else {
    return Types<T>();
  }
}
template <class T>
consteval auto owner_of_save() {
  if constexpr (requires { Access::ask_save<T, OutputArchive>(AskOwner<OutputArchive>()); }) {
    return Access::ask_save<T, OutputArchive>(AskOwner<OutputArchive>());
  } else {
    return Types<T>();
  }
}
template <class T>
consteval auto owner_of_load() {
  if constexpr (requires { Access::ask_load<T, InputArchive>(AskOwner<InputArchive>()); }) {
    return Access::ask_load<T, InputArchive>(AskOwner<InputArchive>());
  } else {
    return Types<T>();
  }
}

// ---- what the derived class has more

// A derived class's members may stand in the unused bytes at the end of its base.
template <class T, std::size_t size>
struct Followed {
  [[no_unique_address]] T value;
  unsigned char more[size];
};
template <class T, std::size_t size = 1>
consteval std::size_t unused_at_end() {
  if constexpr (sizeof(Followed<T, size>) > sizeof(T)) {
    return size - 1;
  } else {
    return unused_at_end<T, size + 1>();
  }
}

// Stands for a class that has one virtual function more.
template <class Base>
struct MadeVirtual : Base {
  virtual ~MadeVirtual();
};

template <class T, class Base>
consteval bool has_members_beside() {
  if constexpr (std::is_empty_v<T>) {
    return false;
  } else if constexpr (std::is_polymorphic_v<T> && !std::is_polymorphic_v<Base> && !std::is_final_v<Base>) {
    return has_members_beside<T, MadeVirtual<Base>>();
  } else if constexpr (sizeof(T) != sizeof(Base)) {
    return true;
  } else if constexpr (std::is_abstract_v<T> || std::is_abstract_v<Base>) {
    return false;
  } else {
    return unused_at_end<T>() < unused_at_end<Base>();
  }
}

// A base that is made for T, as `struct Point : Serializable<Point>`, knows T.
consteval bool has_word(std::string_view text, std::string_view word) {
  const auto goes_on = [](char c) {
    return c == '_' || c == ':' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !goes_on(text[at - 1])) && (end == text.size() || !goes_on(text[end]))) return true;
  }
  return false;
}

// Of the classes that a base is made for, the first that T is or derives from; else the base itself.
template <class T, class Base, class... Args>
consteval auto made_for(Types<Args...>*) {
  if constexpr (has_word(type_name<Base>(), type_name<T>())) {
    return Types<T>();
  } else {
    return Types<Base>();
  }
}
template <class T, class Base, class First, class... Rest>
consteval auto made_for(Types<First, Rest...>*) {
  if constexpr (std::is_base_of_v<First, T>) {
    return Types<First>();
  } else {
    return made_for<T, Base>(static_cast<Types<Rest...>*>(nullptr));
  }
}
template <class T>
struct ArgumentsOf {
  using type = Types<>;
};
template <template <class...> class Template, class... Args>
struct ArgumentsOf<Template<Args...>> {
  using type = Types<Args...>;
};

// Whether a function of Base's leaves out what T holds.
template <class T, class Base>
consteval bool forgets_members(Types<Base>) {
  if constexpr (std::is_same_v<T, Base>) {
    return false;
  } else {
    using Known = decltype(made_for<T, Base>(static_cast<typename ArgumentsOf<Base>::type*>(nullptr)));
    if constexpr (std::is_same_v<Known, Types<Base>>) {
      return has_members_beside<T, Base>();
    } else {
      return forgets_members<T>(Known());
    }
  }
}

// ---- free functions

// A base's function can be called with T, too. One that takes anything is the better choice than that, but not than one
// for T itself, nor than a template that T is deduced from. These stand where nobody else's functions are looked up.
namespace takes_anything {

struct Chosen {};

template <class Archive, class T>
Chosen serialize(Archive&, T&);
template <class Archive, class T>
Chosen serialize(Archive&, T&, unsigned);
template <class Archive, class T>
Chosen save(Archive&, const T&);
template <class Archive, class T>
Chosen save(Archive&, const T&, unsigned);
template <class Archive, class T>
Chosen load(Archive&, T&);
template <class Archive, class T>
Chosen load(Archive&, T&, unsigned);

// The answer is no, too, where the compiler cannot choose: then the user's function takes anything as well.
template <class T, class... Version>
concept ChosenToSerialize = requires(OutputArchive& archive, T& value, Version... version) {
  { serialize(archive, value, version...) } -> std::same_as<Chosen>;
};
template <class T, class... Version>
concept ChosenToSave = requires(OutputArchive& archive, const T& value, Version... version) {
  { save(archive, value, version...) } -> std::same_as<Chosen>;
};
template <class T, class... Version>
concept ChosenToLoad = requires(InputArchive& archive, T& value, Version... version) {
  { load(archive, value, version...) } -> std::same_as<Chosen>;
};

}  // namespace takes_anything

// Becomes a reference to a base of T that has all its members.
template <class T>
struct AsWholeBase {
  template <class Base, class Plain = std::remove_const_t<Base>>
    requires(std::is_base_of_v<Plain, T> && !std::is_same_v<Plain, T> && !has_members_beside<T, Plain>())
  operator Base&() const;
};
// The parameters of a template are not deduced from that, but from T, if one of its bases is a template's.
template <template <class...> class Base, class... Args>
Types<Base<Args...>> template_base(Base<Args...>*);

// Whether the free function of this kind is meant for T itself, as far as another one can tell.
template <class T, Customisation way>
consteval bool takes_just() {
  using namespace takes_anything;
  if constexpr (way == Customisation::free_serialize) {
    return !ChosenToSerialize<T>;
  } else if constexpr (way == Customisation::free_serialize_versioned) {
    return !ChosenToSerialize<T, unsigned>;
  } else if constexpr (way == Customisation::free_save_load) {
    return !ChosenToSave<T> && !ChosenToLoad<T>;
  } else {
    return !ChosenToSave<T, unsigned> && !ChosenToLoad<T, unsigned>;
  }
}
template <class T, Customisation way>
consteval bool has_free_function() {
  if constexpr (way == Customisation::free_serialize) {
    return FreeSerialize<OutputArchive, T>;
  } else if constexpr (way == Customisation::free_serialize_versioned) {
    return FreeSerializeVersioned<OutputArchive, T>;
  } else if constexpr (way == Customisation::free_save_load) {
    return FreeSaveLoad<T>;
  } else {
    return FreeSaveLoadVersioned<T>;
  }
}

template <Customisation way, class Base>
consteval bool is_taken(Types<Base>) {
  return has_free_function<Base, way>();
}

// Whether a base class says how T is pickled, and T has members of its own.
template <class T>
consteval bool inherits_customisation() {
  constexpr Customisation way = customisation_of<T>();
  if constexpr (!std::is_class_v<T> || way == Customisation::none) {
    return false;
  } else if constexpr (way == Customisation::member_serialize || way == Customisation::member_serialize_versioned) {
    return forgets_members<T>(owner_of_serialize<T>());
  } else if constexpr (way == Customisation::member_save_load || way == Customisation::member_save_load_versioned) {
    return forgets_members<T>(owner_of_save<T>()) || forgets_members<T>(owner_of_load<T>());
  } else if constexpr (takes_just<T, way>() || has_free_function<const AsWholeBase<T>, way>()) {
    return false;
  } else if constexpr (requires(T* value) { template_base(value); }) {
    using Base = decltype(template_base(static_cast<T*>(nullptr)));
    // A template's instance is its own: whether it has a base that is a template's, too, cannot be asked.
    return std::is_same_v<Base, Types<T>> || !is_taken<way>(Base()) || forgets_members<T>(Base());
  } else {
    return true;
  }
}

}  // namespace concurrent::pickle::inline v0::detail
