# SPDX-License-Identifier: GPL-3.0-or-later
if(WMSDR_SANITIZE)
  add_compile_options(-fsanitize=${WMSDR_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WMSDR_SANITIZE})
  if(WMSDR_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
