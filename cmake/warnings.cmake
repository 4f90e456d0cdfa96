# SPDX-License-Identifier: GPL-3.0-or-later
# One interface target that every layer links: warnings, and floating point that is the same on every CPU (no contraction into FMA).
add_library(wmsdr_warnings INTERFACE)
target_compile_options(wmsdr_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-align -Wwrite-strings -Wvla
  -Wundef -Wformat=2 -Wimplicit-fallthrough -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-common)
if(WMSDR_WERROR)
  target_compile_options(wmsdr_warnings INTERFACE -Werror)
endif()
