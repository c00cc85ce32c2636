#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# docs_pages.sh BROWSER FOLDER: opens three pages of the documents as a newcomer would, and looks for what must be there.
# Prints what is missing, or there and should not be.
browser=$1
html=$2
wrong=0
profile=$(mktemp -d) || exit 1
trap 'rm -rf "$profile"' EXIT

# The text of a page, as the browser has made it, without its tags.
text_of() {
  "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions \
    --user-data-dir="$profile" --virtual-time-budget=2000 --dump-dom "file://$html/$1" 2>/dev/null |
    sed -e 's/<[^>]*>//g' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g' -e 's/&#160;\|&nbsp;/ /g' | tr -s ' \n' '  '
}
expect() {
  case $text in
    *"$1"*) ;;
    *) echo "$page: there is no \"$1\""; wrong=1 ;;
  esac
}
refuse() {
  case $text in
    *"$1"*) echo "$page: there is \"$1\""; wrong=1 ;;
  esac
}

page=index.html
text=$(text_of $page)
expect 'for C++20'
expect 'ProcessPoolExecutor pool'
grep -q 'href="guide.html"' "$html/$page" || { echo "$page: no link leads to the guide"; wrong=1; }

page=guide.html
text=$(text_of $page)
expect 'Coming from std::async or a thread pool'

page=classconcurrent_1_1futures_1_1BasicProcessPoolExecutor.html
text=$(text_of "$page")
expect '#include <concurrent/futures/process.hpp>'
expect 'map (Function &&fn, Ranges &&... iterables)'
expect 'map_unordered (Function &&fn, Ranges &&... iterables)'
expect 'Future< std::invoke_result_t< Function, Args... > > submit (Function &&fn, Args &&... args)'
expect 'MapResult< std::invoke_result_t< Function, std::ranges::range_value_t< Ranges >... > >'
refuse 'detail::'

# What the search box looks names up in.
for name in ProcessPoolExecutor ThreadPoolExecutor Executor Future submit map shutdown cancel cancelled running done \
    result exception add_done_callback set_running_or_notify_cancel set_result set_exception wait as_completed \
    FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED CancelledError TimeoutError BrokenExecutor InvalidStateError \
    BrokenProcessPool BrokenThreadPool max_workers mp_context initializer max_tasks_per_child kill_workers \
    terminate_workers; do
  if ! grep -qs "'$name'" "$html"/search/*.js; then
    echo "search: $name finds nothing"
    wrong=1
  fi
done
# Diagrams and lists of bases.
if grep -lsE 'Inherit(s|ed by) .*detail::|<area [^>]*detail::' "$html"/class*.html "$html"/struct*.html; then
  echo "these pages show names of detail:: where classes are derived"
  wrong=1
fi
exit $wrong
